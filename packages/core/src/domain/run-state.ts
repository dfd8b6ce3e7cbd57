/**
 * Where a run stands. `waiting` (for a person or a time) and `paused` hold no lease but keep their claims;
 * `interrupted` is a run whose owner is dead. These three resume; the last three have ended.
 */
export type RunState = 'waiting' | 'running' | 'paused' | 'interrupted' | 'succeeded' | 'failed' | 'cancelled'

/** Whether a run is over for good. */
export function hasEnded(state: RunState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled'
}

/** What a run did to one server. */
export interface Outcome {
  /** The slot. */
  readonly server: string
  readonly address: string
  readonly status: 'changed' | 'unchanged' | 'failed' | 'quarantined' | 'notStarted'
  readonly warnings: readonly string[]
  /** What was collected of a machine that failed, for `manager.archives.read`. */
  readonly diagnostics?: string | undefined
}
