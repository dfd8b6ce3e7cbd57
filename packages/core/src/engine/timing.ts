/** How patient the engine is; all in milliseconds. */
export interface Timing {
  /** A dead owner's run can be taken over after this; its own calls stop a sixth earlier. Default 15,000. */
  readonly leaseMs: number
  /**
   * How long a step is tried again after errors that may pass; more than twice as long as one call of a driver may take,
   * or it is tried for ever. Default 300,000.
   */
  readonly retryForMs: number
  /** How long a look may say `busy` or `unknown` before the step is given to a person. Default 1,800,000. */
  readonly lookForMs: number
  /** How often something that cannot be pushed is asked again, at most. Default 1,000. */
  readonly pollMs: number
  /** After how long it is written down what a step waits for. Default 5,000. */
  readonly noticeMs?: number | undefined
}

/** What `noticeMs` is when nobody says otherwise: from then on a wait is worth a sentence. */
export const NOTICE_MS = 5_000

export const DEFAULT_TIMING: Timing = {
  leaseMs: 15_000,
  retryForMs: 300_000,
  lookForMs: 1_800_000,
  pollMs: 1_000,
}

/** Doubles from `firstMs` up to `limitMs`. */
export function backoff(tries: number, firstMs: number, limitMs: number): number {
  return Math.min(limitMs, firstMs * 2 ** Math.min(tries - 1, 20))
}
