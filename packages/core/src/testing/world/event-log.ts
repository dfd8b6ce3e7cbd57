import type { Clock } from '../../ports/clock.ts'
import type { BegunEvent, CallEvent, ServingEvent, WorldEvent } from './event.ts'

/** Everything that happened in a world. */
export interface EventLog {
  /** Ascending by `seq`, which is the index plus one. */
  readonly events: readonly WorldEvent[]
  append(event: BegunEvent | CallEvent | ServingEvent): number
  /** Takes over the events of an earlier life. */
  restore(events: readonly WorldEvent[]): void
  /** Called after each new event, and by what changes the world without one. */
  onChange: (() => void) | undefined
}

/** Creates an empty log. */
export function createEventLog(clock: Clock): EventLog {
  const events: WorldEvent[] = []
  const log: EventLog = {
    events,
    append(event) {
      const seq = events.length + 1
      events.push({ seq, time: clock.now(), ...event })
      log.onChange?.()
      return seq
    },
    restore(earlier) {
      for (const event of earlier) events.push(event)
    },
    onChange: undefined,
  }
  return log
}
