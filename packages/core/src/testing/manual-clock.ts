import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../ports/clock.ts'
import { createSleepers } from './sleepers.ts'

/** A clock that stands still until the test moves it. */
export interface ManualClock extends Clock {
  /** Moves time forward, waking every sleeper at its own moment and letting it go on before time moves further. */
  advance(ms: number): Promise<void>
}

/** Creates a clock that only `advance` moves. */
export function manualClock(start = 0): ManualClock {
  const sleepers = createSleepers()
  let time = start
  return {
    now: () => time,
    sleep: async (ms, call) => await sleepers.sleepUntil(time + ms, call),
    async advance(ms) {
      const target = time + ms
      await setImmediate()
      for (let next = sleepers.next(); next !== undefined && next <= target; next = sleepers.next()) {
        time = Math.max(time, next)
        sleepers.wakeUntil(time)
        await setImmediate()
      }
      time = target
    },
  }
}
