import * as z from 'zod'
import type { Argv } from '../../domain/tier.ts'
import { isVmunitError, VmunitError } from '../../errors/index.ts'
import type { GuestAddress, StepContext, StepKind } from '../../ports/index.ts'
import { type Marks, markServer } from './marks.ts'
import { command, guestInput, marks, nothing } from './schemas.ts'

export interface AwaitHealthInput {
  readonly guest: GuestAddress
  /** Exit code 0: the application serves. */
  readonly argv: Argv
  /** How long it may take until it does. */
  readonly timeoutMs: number
  readonly marks?: Marks | undefined
}

const input = z.object({ guest: z.object(guestInput), ...command, marks })

/** Asks after the application until it serves. */
export const awaitHealth: StepKind<AwaitHealthInput, Record<string, never>> = {
  name: 'guest.health',
  version: 1,
  input,
  output: nothing,
  observe: async () => ({ state: 'absent' }),
  async act(step, context) {
    const deadline = context.now() + step.timeoutMs
    for (let tries = 1; ; tries += 1) {
      const found = await probe(step, context)
      if (found === 'healthy') return {}
      if (context.now() >= deadline) {
        throw new VmunitError(
          'ERR_TIMEOUT',
          `The application at ${step.guest.address} was not healthy within ${step.timeoutMs / 1000} s: ${found}.`,
          { details: { argv: step.argv, address: step.guest.address } },
        )
      }
      context.waitingFor(`the application at ${step.guest.address} to be healthy: ${found}`)
      await context.sleep(Math.min(1_000, 20 * 2 ** Math.min(tries, 6)))
    }
  },
  records: (step, moment) => markServer(step.marks, moment),
}

/** `healthy`, or why not. */
async function probe(step: AwaitHealthInput, context: StepContext): Promise<string> {
  try {
    const guest = await context.guest(step.guest)
    const { exitCode } = await guest.exec({ argv: step.argv, timeoutMs: 30_000 }, context)
    return exitCode === 0 ? 'healthy' : `"${step.argv.join(' ')}" ended with exit code ${exitCode}`
  } catch (error) {
    if (isVmunitError(error, 'ERR_UNAVAILABLE', 'ERR_TIMEOUT')) return error.message
    throw error
  }
}
