import type { Call, Clock } from '../ports/index.ts'

/** Wakes those who follow a run in this process as soon as something is durable. */
export interface Bell {
  ring(): void
  /** Resolves at the next ring; forgotten as soon as `over` aborts, because a bell may be silent for days. */
  next(over: AbortSignal): Promise<void>
}

export function createBell(): Bell {
  return createBells().of('')
}

/** The bells of any number of runs. One exists only while somebody listens to it. */
export interface Bells {
  of(runId: string): Bell
}

/** `listeners` is who waits for which bell now. */
export function createBells(listeners = new Map<string, Set<() => void>>()): Bells {
  return {
    of: (runId) => ({
      ring() {
        const waiting = listeners.get(runId) ?? []
        listeners.delete(runId)
        for (const wake of waiting) wake()
      },
      next: (over) =>
        new Promise((resolve) => {
          const waiting = listeners.get(runId) ?? new Set()
          listeners.set(runId, waiting.add(resolve))
          const forget = (): void => {
            waiting.delete(resolve)
            if (waiting.size === 0 && listeners.get(runId) === waiting) listeners.delete(runId)
          }
          over.addEventListener('abort', forget, { once: true })
        }),
    }),
  }
}

/** Somebody who hears a bell from now on, until this is disposed. */
export interface Listener extends Disposable {
  /** Waits for the bell, but not longer than `limitMs`: others may have written. True when it rang. */
  rings(limitMs: number, call: Call & { readonly clock: Clock }): Promise<boolean>
}

/** Ends a wait that nobody waits for any more; without a reason, each time an exception would be made. */
const OVER = 'the wait is over'

/** Listens before somebody looks, so that nothing written during the look is missed. */
export function listen(bell: Pick<Bell, 'next'>): Listener {
  const over = new AbortController()
  const rung = bell.next(over.signal).then(() => true)
  return {
    async rings(limitMs, { clock, signal }) {
      const stop = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal])
      const silence = clock.sleep(limitMs, { signal: stop })
      try {
        return await Promise.race([rung, silence.then(() => false)])
      } finally {
        over.abort(OVER)
        await silence.catch(() => {})
      }
    },
    [Symbol.dispose]: () => over.abort(OVER),
  }
}
