import { abortable } from '../internal/abortable.ts'

interface Shared<T> {
  readonly work: Promise<T>
  readonly stop: AbortController
  waiting: number
}

/** Work that is done once for all who ask for it at the same time. */
export interface SharedWork<T> {
  /** Joins what is under way under the key, or begins it. It is given up when the last one who waits gives up. */
  join(key: string, begin: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>
}

/** Makes a {@link SharedWork} with nothing under way. */
export function createSharedWork<T>(): SharedWork<T> {
  const running = new Map<string, Shared<T>>()

  function start(key: string, begin: (signal: AbortSignal) => Promise<T>): Shared<T> {
    const stop = new AbortController()
    const shared = { work: begin(stop.signal), stop, waiting: 0 }
    running.set(key, shared)
    const end = (): void => {
      if (running.get(key) === shared) running.delete(key)
    }
    shared.work.then(end, end)
    return shared
  }

  return {
    async join(key, begin, signal) {
      signal?.throwIfAborted()
      const shared = running.get(key) ?? start(key, begin)
      shared.waiting += 1
      try {
        return await abortable(shared.work, signal)
      } finally {
        shared.waiting -= 1
        if (shared.waiting === 0) {
          running.delete(key)
          shared.stop.abort(signal?.reason)
        }
      }
    },
  }
}
