import * as z from 'zod'
import { isVmunitError, VmunitError } from '../../errors/index.ts'
import type { StepContext, StepKind } from '../../ports/index.ts'
import { guestInput } from './schemas.ts'

const input = z.object({ ...guestInput, timeoutMs: z.number() })
type Input = z.infer<typeof input>

const output = z.object({ bootId: z.string() })
type Output = z.infer<typeof output>

/** Waits until a guest that was switched on can be reached. */
export const awaitGuest: StepKind<Input, Output> = {
  name: 'guest.await',
  version: 1,
  input,
  output,
  observe: async () => ({ state: 'absent' }),
  async act(step, context) {
    const deadline = context.now() + step.timeoutMs
    for (let tries = 1; ; tries += 1) {
      const answer = await ask(step, context)
      if ('bootId' in answer) return answer
      if (context.now() >= deadline) {
        throw new VmunitError(
          'ERR_TIMEOUT',
          `The guest at ${step.address} did not answer within ${step.timeoutMs / 1000} s. Look at its console.`,
          { cause: answer.error, details: { address: step.address } },
        )
      }
      await context.sleep(Math.min(1_000, 20 * tries))
    }
  },
}

async function ask(step: Input, context: StepContext): Promise<Output | { readonly error: unknown }> {
  try {
    const guest = await context.guest(step)
    return { bootId: await guest.bootId(context) }
  } catch (error) {
    if (isVmunitError(error, 'ERR_UNAVAILABLE', 'ERR_TIMEOUT')) return { error }
    throw error
  }
}
