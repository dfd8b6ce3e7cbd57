/** How fast a server answers those who begin something, and how many of them there are now. */
export interface Tempo {
  /** Runs what begins something, and takes its time. */
  begin<T>(work: () => Promise<T>): Promise<T>
  /** Whether somebody is still beginning something. */
  isBusy(): boolean
  /**
   * How long news may be gathered when so many wait: as long as it takes the server to begin one thing. With few who
   * wait there is nothing to gather.
   */
  gatherMs(waiting: number): number
  /** Called when the last one has begun. */
  onQuiet(listener: () => void): void
}

const FEW = 4
const MANY = 32
const MAX_MS = 10_000
const WEIGHT = 0.1

/** Makes a {@link Tempo} that has seen nothing yet. */
export function createTempo(): Tempo {
  let beginning = 0
  let averageMs = 0
  let listener = (): void => {}

  return {
    async begin(work) {
      const start = performance.now()
      beginning += 1
      try {
        return await work()
      } finally {
        beginning -= 1
        const ms = performance.now() - start
        averageMs = averageMs === 0 ? ms : averageMs + WEIGHT * (ms - averageMs)
        // After those who wait for this one had their turn: one of them may begin the next thing.
        if (beginning === 0) setImmediate(() => void (beginning === 0 && listener()))
      }
    },
    isBusy: () => beginning > 0,
    gatherMs: (waiting) => (waiting + beginning < FEW ? 0 : Math.min(MAX_MS, (averageMs * (waiting + beginning)) / MANY)),
    onQuiet(called) {
      listener = called
    },
  }
}
