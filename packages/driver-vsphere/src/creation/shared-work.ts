import type { Call } from '@vmunit/core'
import { abortable } from '../internal/abortable.ts'

/** What work for several callers is given. */
export interface SharedCall {
  /** Aborts when the last one who waits gives up. */
  readonly signal: AbortSignal
  /** Passes while one of those who wait may change something; throws what the last of them threw. */
  readonly permit: () => void
}

interface Shared<T> {
  readonly work: Promise<T>
  readonly stop: AbortController
  readonly waiting: Set<Call>
}

/** Work that is done once for all who ask for it at the same time. */
export interface SharedWork<T> {
  /** Joins what is under way under the key, or begins it. It is given up when the last one who waits gives up. */
  join(key: string, begin: (call: SharedCall) => Promise<T>, call: Call): Promise<T>
}

/** Makes a {@link SharedWork} with nothing under way. */
export function createSharedWork<T>(): SharedWork<T> {
  const running = new Map<string, Shared<T>>()

  function start(key: string, begin: (call: SharedCall) => Promise<T>, first: Call): Shared<T> {
    const stop = new AbortController()
    const waiting = new Set([first])
    const work = begin({ signal: stop.signal, permit: () => permitOne(waiting) })
    const shared = { work, stop, waiting }
    running.set(key, shared)
    const end = (): void => {
      if (running.get(key) === shared) running.delete(key)
    }
    work.then(end, end)
    return shared
  }

  return {
    async join(key, begin, { signal, permit }) {
      signal?.throwIfAborted()
      const caller: Call = { signal, permit }
      const shared = running.get(key) ?? start(key, begin, caller)
      shared.waiting.add(caller)
      try {
        return await abortable(shared.work, signal)
      } finally {
        shared.waiting.delete(caller)
        if (shared.waiting.size === 0) {
          running.delete(key)
          shared.stop.abort(signal?.reason)
        }
      }
    },
  }
}

function permitOne(callers: ReadonlySet<Call>): void {
  const refusals: unknown[] = []
  for (const { permit } of callers) {
    try {
      permit?.()
      return
    } catch (reason) {
      refusals.push(reason)
    }
  }
  if (refusals.length > 0) throw refusals.at(-1)
}
