import type { Call } from '../ports/call.ts'

interface Sleeper {
  readonly time: number
  readonly wake: () => void
}

/** The sleeps of a clock that somebody else moves. */
export interface Sleepers {
  /** When the next sleep is over; undefined while nobody sleeps. */
  next(): number | undefined
  /** Wakes everybody whose sleep is over at `time`, the earliest first. */
  wakeUntil(time: number): void
  sleepUntil(time: number, call?: Call): Promise<void>
}

/** Keeps sleepers in the order in which they wake; equal times wake in the order in which they fell asleep. */
export function createSleepers(): Sleepers {
  const queue: Sleeper[] = []

  function enqueue(sleeper: Sleeper): void {
    let low = 0
    let high = queue.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((queue[middle]?.time ?? Infinity) <= sleeper.time) low = middle + 1
      else high = middle
    }
    queue.splice(low, 0, sleeper)
  }

  return {
    next: () => queue[0]?.time,
    wakeUntil(time) {
      const over = queue.findIndex((sleeper) => sleeper.time > time)
      for (const sleeper of queue.splice(0, over === -1 ? queue.length : over)) sleeper.wake()
    },
    sleepUntil: (time, { signal } = {}) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason)
          return
        }
        const onAbort = (): void => {
          queue.splice(queue.indexOf(sleeper), 1)
          reject(signal?.reason)
        }
        const sleeper: Sleeper = {
          time,
          wake: () => {
            signal?.removeEventListener('abort', onAbort)
            resolve()
          },
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        enqueue(sleeper)
      }),
  }
}
