import { describeError } from '../../errors/describe-error.ts'
import { VmunitError } from '../../errors/vmunit-error.ts'
import type { Handlers, WorldMethod } from './calls.ts'
import { judge, type Verdict } from './faults.ts'
import { takeTime, type WorldState } from './state.ts'
import { type CallSubject, subjectOf } from './subject.ts'
import { TRAITS } from './traits.ts'

/** One call, as it arrives. */
export interface WorldRequest {
  readonly caller: string
  readonly method: WorldMethod
  readonly args: readonly unknown[]
  /** When it was sent over a socket, by the caller's clock. */
  readonly sentAt?: number | undefined
}

/** Carries out a call to its end, whether or not anybody still waits for it. */
export type Perform = (request: WorldRequest) => Promise<unknown>

/** Puts record, faults and latency around the code of all calls. */
export function createPerform(state: WorldState, handlers: Handlers<WorldMethod>): Perform {
  async function act({ method, args }: WorldRequest, { delayMs, effect }: Verdict): Promise<unknown> {
    if (delayMs > 0) await state.clock.sleep(delayMs)
    const { latency } = TRAITS[method]
    if (latency !== undefined) await takeTime(state, latency)
    if (effect?.type === 'error') {
      const { code, retryable = code === 'ERR_UNAVAILABLE' } = effect
      throw new VmunitError(code, `A fault rule refused ${method}.`, { retryable, details: { injected: true } })
    }
    const handler = handlers[method] as (...args: readonly unknown[]) => unknown
    return await handler(...args)
  }

  return async (request) => {
    const { caller, method, args } = request
    const { mutating, silent } = TRAITS[method]
    if (silent) return await act(request, { delayMs: 0 })
    const about = subjectOf(state, method, args)
    const verdict = judge(state.faults, state.settings.seed ?? 1, { method, names: about.names })
    const began = mutating ? begin(state, request, about) : undefined
    const lost = verdict.effect?.type === 'lostAnswer'
    const end = (outcome: string): void => {
      const head = { type: 'call', caller, call: method, mutating, subject: about.subject } as const
      const lostNow = lost && outcome === 'ok'
      state.log.append({ ...head, operationId: about.operationId, outcome, began, ...(lostNow ? { lost } : {}) })
    }
    let value: unknown
    try {
      value = await act(request, verdict)
    } catch (error) {
      end(error instanceof TypeError ? 'TypeError' : describeError(error).code)
      throw error
    }
    end('ok')
    if (!lost) return value
    const message = `The answer of ${method} was lost: look before you repeat it.`
    throw new VmunitError('ERR_UNAVAILABLE', message, { retryable: true, details: { injected: true } })
  }
}

function begin(state: WorldState, { caller, method, sentAt }: WorldRequest, about: CallSubject): number {
  const { subject, operationId } = about
  return state.log.append({ type: 'begun', caller, call: method, subject, operationId, sentAt })
}
