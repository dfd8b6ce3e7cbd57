/** When a batch is sent. */
export interface BatchTimes {
  /** When nothing was added for so long. */
  readonly quietMs: number
  /** But at the latest so long after the first one. */
  readonly maxMs: number
}

/** Collects what is asked for at about the same time. */
export interface Batch<T> {
  add(item: T): void
  /** Forgets what is not sent yet. */
  clear(): void
}

/** Hands items to `send`, many at once when they come at once: a burst of 64 questions is one question. */
export function createBatch<T>({ quietMs, maxMs }: BatchTimes, send: (items: readonly T[]) => void): Batch<T> {
  let items: T[] = []
  let timer: NodeJS.Timeout | undefined
  let limit = 0

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    const batch = items
    items = []
    if (batch.length > 0) send(batch)
  }

  return {
    add(item) {
      const now = performance.now()
      if (items.length === 0) limit = now + maxMs
      items.push(item)
      clearTimeout(timer)
      timer = setTimeout(flush, Math.max(0, Math.min(quietMs, limit - now)))
    },
    clear() {
      clearTimeout(timer)
      items = []
    },
  }
}
