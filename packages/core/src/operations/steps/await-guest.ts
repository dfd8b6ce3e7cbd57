import * as z from 'zod'
import { isVmunitError, VmunitError } from '../../errors/index.ts'
import type { GuestAddress, StepContext, StepKind } from '../../ports/index.ts'
import { assertRunning } from './assert-running.ts'
import { findMachine } from './find-machine.ts'
import { guestInput } from './schemas.ts'

export interface AwaitGuestInput extends GuestAddress {
  readonly timeoutMs: number
  /** The boot id before a reboot: only another one counts. */
  readonly after?: string | undefined
}

export interface BootedGuest {
  readonly bootId: string
}

const input = z.object({ ...guestInput, timeoutMs: z.number(), after: z.string().optional() })

const output = z.object({ bootId: z.string() })

/** A machine that does not answer is looked at this often: one that is off or gone will not answer at all. */
const LOOK_AFTER_MS = 5_000

/** Waits until a guest that was switched on can be reached. */
export const awaitGuest: StepKind<AwaitGuestInput, BootedGuest> = {
  name: 'guest.await',
  version: 1,
  input,
  output,
  observe: async () => ({ state: 'absent' }),
  async act(step, context) {
    const deadline = context.now() + step.timeoutMs
    let lookAt = context.now() + LOOK_AFTER_MS
    for (let tries = 1; ; tries += 1) {
      const answer = await ask(step, context)
      if ('bootId' in answer && answer.bootId !== step.after) return answer
      if (context.now() >= deadline) {
        throw new VmunitError(
          'ERR_TIMEOUT',
          'bootId' in answer
            ? `The guest at ${step.address} answers and was not rebooted within ${step.timeoutMs / 1000} s. Reboot it.`
            : `The guest at ${step.address} did not answer within ${step.timeoutMs / 1000} s. Look at its console.`,
          { cause: 'error' in answer ? answer.error : undefined, details: { address: step.address } },
        )
      }
      if (step.machine !== undefined && context.now() >= lookAt) {
        assertRunning(step.machine, await findMachine(context.hypervisor(step.hypervisor), step.machine, context))
        lookAt = context.now() + LOOK_AFTER_MS
      }
      context.waitingFor(`the guest at ${step.address} to answer`)
      await context.sleep(Math.min(1_000, 20 * tries))
    }
  },
}

async function ask(step: AwaitGuestInput, context: StepContext): Promise<BootedGuest | { readonly error: unknown }> {
  try {
    const guest = await context.guest(step)
    return { bootId: await guest.bootId(context) }
  } catch (error) {
    // A guest that boots may not have told its host key yet; one that shows another key never will.
    if (isVmunitError(error) && (error.retryable || error.code === 'ERR_TIMEOUT')) return { error }
    throw error
  }
}
