import type { Call } from './call.ts'

/** The only source of time; tests pass a virtual one. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Resolves after `ms`, or rejects with `signal.reason`. */
  sleep(ms: number, call?: Call): Promise<void>
}
