/** How fast a server answers those who begin something, and how many of them there are now. */
export interface Tempo {
  /** Runs what begins something, and takes its time. */
  begin<T>(work: () => Promise<T>): Promise<T>
  /** Whether somebody is still beginning something. */
  isBusy(): boolean
  /**
   * How long news may be gathered when so many wait: about as long as it takes the server to begin one thing. With few
   * who wait there is nothing to gather.
   */
  gatherMs(waiting: number): number
  /** Called when the last one has begun. */
  onQuiet(listener: () => void): void
}

const FEW = 4
const MANY = 16
const MAX_MS = 5_000
const WEIGHT = 0.2

/** Makes a {@link Tempo} that has seen nothing yet. */
export function createTempo(): Tempo {
  const beginning = new Set<{ readonly start: number }>()
  let averageMs = 0
  let listener = (): void => {}

  return {
    async begin(work) {
      const start = performance.now()
      const one = { start }
      beginning.add(one)
      try {
        return await work()
      } finally {
        beginning.delete(one)
        const ms = performance.now() - start
        averageMs = averageMs === 0 ? ms : averageMs + WEIGHT * (ms - averageMs)
        // After those who wait for this one had their turn: one of them may begin the next thing.
        if (beginning.size === 0) setImmediate(() => void (beginning.size === 0 && listener()))
      }
    },
    isBusy: () => beginning.size > 0,
    gatherMs(waiting) {
      const count = waiting + beginning.size
      if (count < FEW) return 0
      const now = performance.now()
      const [oldest = { start: now }] = beginning
      return Math.min(MAX_MS, (Math.max(averageMs, now - oldest.start) * count) / MANY)
    },
    onQuiet(called) {
      listener = called
    },
  }
}
