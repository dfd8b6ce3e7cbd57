import type { Clock } from '../ports/clock.ts'
import { createSleepers } from './sleepers.ts'

/** Options of {@link virtualClock}. */
export interface VirtualClockOptions {
  /** Milliseconds since 1970 at which it starts. Default 0. */
  readonly start?: number | undefined
  /** How many turns of the event loop without a new sleep count as idle. Default 2. */
  readonly idleTurns?: number | undefined
}

/**
 * Creates a clock that jumps to the next sleeper as soon as the program is idle, so that simulated hours run in
 * milliseconds.
 *
 * Idle means that turns of the event loop went by in which nobody fell asleep. Work that waits for another process
 * looks idle too, so such a program needs a real clock.
 */
export function virtualClock(options: VirtualClockOptions = {}): Clock {
  const { start = 0, idleTurns = 2 } = options
  const sleepers = createSleepers()
  let time = start
  let quiet = 0
  let watching = false

  function watch(): void {
    const next = sleepers.next()
    if (next === undefined) {
      watching = false
      return
    }
    quiet += 1
    if (quiet > idleTurns) {
      quiet = 0
      time = Math.max(time, next)
      sleepers.wakeUntil(time)
    }
    setImmediate(watch)
  }

  return {
    now: () => time,
    async sleep(ms, call) {
      quiet = 0
      const sleeping = sleepers.sleepUntil(time + ms, call)
      if (!watching) {
        watching = true
        setImmediate(watch)
      }
      await sleeping
    },
  }
}
