import { VmunitError } from '../../errors/vmunit-error.ts'
import type { Call, Closeable } from '../../ports/call.ts'
import type { WorldCalls, WorldMethod } from './calls.ts'
import type { WorldSettings } from './options.ts'
import type { WorldRequest } from './perform.ts'

/** Where calls go: a world in this process, or a socket. */
export interface Backend {
  readonly limits: WorldSettings['limits']
  /** An abort rejects at once with `signal.reason`; the world finishes what it began. */
  send(request: WorldRequest, call: Call | undefined): Promise<unknown>
  close(): Promise<void>
  stop(): Promise<void>
}

/** What a call resolves to. */
export type Answer<M extends WorldMethod> = Awaited<ReturnType<WorldCalls[M]>>

/** Makes a call by its name. */
export type Ask = <M extends WorldMethod>(method: M, args: Parameters<WorldCalls[M]>, call?: Call) => Promise<Answer<M>>

/** Calls under the name of one caller. */
export function askAs(backend: Backend, caller: string): Ask {
  return async <M extends WorldMethod>(method: M, args: Parameters<WorldCalls[M]>, call?: Call): Promise<Answer<M>> => {
    const value = await backend.send({ caller, method, args }, call)
    call?.onProgress?.(1)
    return value as Answer<M>
  }
}

/** Calls that can be ended. */
export interface ClosableAsk extends Closeable {
  readonly ask: Ask
}

/** Refuses calls with `ERR_CLOSED` once it is closed. */
export function closable(ask: Ask, what: string): ClosableAsk {
  let closed = false
  const close = async (): Promise<void> => {
    closed = true
  }
  return {
    ask: async <M extends WorldMethod>(method: M, args: Parameters<WorldCalls[M]>, call?: Call): Promise<Answer<M>> => {
      if (closed) throw new VmunitError('ERR_CLOSED', `This ${what} was closed: create a new one.`)
      return await ask(method, args, call)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
