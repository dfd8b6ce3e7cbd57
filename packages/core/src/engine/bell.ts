import type { Call, Clock } from '../ports/index.ts'

/** Wakes those who follow a run in this process as soon as something is durable. */
export interface Bell {
  ring(): void
  /** Resolves at the next ring; forgotten as soon as `over` aborts, because a bell may be silent for days. */
  next(over: AbortSignal): Promise<void>
}

export function createBell(): Bell {
  const waiting = new Set<() => void>()
  return {
    ring() {
      for (const wake of waiting) wake()
      waiting.clear()
    },
    next: (over) =>
      new Promise((resolve) => {
        waiting.add(resolve)
        over.addEventListener('abort', () => waiting.delete(resolve), { once: true })
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
