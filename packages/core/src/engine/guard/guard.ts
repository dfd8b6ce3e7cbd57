import { channel } from 'node:diagnostics_channel'
import { isVmunitError, VmunitError } from '../../errors/index.ts'
import type { Call, Lease } from '../../ports/index.ts'

/** What every call from the engine to a driver passes through. */
export interface Guard {
  readonly manager: string
  /** A call that changes nothing. */
  look<T>(call: string, work: () => Promise<T>): Promise<T>
  /**
   * A call that changes something: the lease is asked directly before it, as the last act. The work passes on the
   * options that it is given, with which the driver asks again before each request that it sends.
   */
  mutate<T>(call: string, work: (options: Call) => Promise<T>, options?: Call): Promise<T>
  /** Throws `ERR_LEASE_LOST` when the run belongs to another process now. */
  checkHeld(call: string): void
}

/** Every driver call is published here as `{ runId, call, mutating, durationMs, error? }`, for tracing. */
export const DRIVER_CALLS = 'vmunit:driver-call'

export interface GuardOptions {
  readonly runId: string
  readonly manager: string
  readonly lease: Pick<Lease, 'isHeld'>
}

/** Creates the guard of one run: stale owners change nothing, foreign errors get a code, every call can be traced. */
export function createGuard(options: GuardOptions): Guard {
  const { runId, manager, lease } = options
  const calls = channel(DRIVER_CALLS)

  async function traced<T>(call: string, mutating: boolean, work: () => Promise<T>): Promise<T> {
    const began = performance.now()
    let failure: unknown
    try {
      return await work()
    } catch (error) {
      failure = error
      throw withCode(call, error)
    } finally {
      if (calls.hasSubscribers) {
        calls.publish({ runId, call, mutating, durationMs: performance.now() - began, error: failure })
      }
    }
  }

  function checkHeld(call: string): void {
    if (lease.isHeld()) return
    throw new VmunitError('ERR_LEASE_LOST', `Run ${runId} belongs to another process now; ${call} was not sent.`, {
      details: { runId, call },
    })
  }

  return {
    manager,
    checkHeld,
    look: (call, work) => traced(call, false, work),
    mutate: (call, work, { signal, onProgress, waitingFor } = {}) =>
      traced(call, true, async () => {
        checkHeld(call)
        return await work({ signal, onProgress, waitingFor, permit: () => checkHeld(call) })
      }),
  }
}

function withCode(call: string, error: unknown): unknown {
  if (isVmunitError(error) || error instanceof TypeError || isAbort(error)) return error
  const message = error instanceof Error ? error.message : String(error)
  return new VmunitError('ERR_DRIVER', `${call} failed: ${message}`, { cause: error })
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
