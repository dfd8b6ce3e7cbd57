import type { Outcome } from '../domain/run-state.ts'
import type { Finished } from '../ports/index.ts'

/** What an operation on servers answers. */
export interface FleetResult {
  readonly runId: string
  readonly outcomes: readonly Outcome[]
  /** Sentences for people; an original command would end with exit code 1 when there are any. */
  readonly warnings: readonly string[]
}

export function fleetResult({ runId, outcomes, warnings }: Finished): FleetResult {
  return { runId, outcomes, warnings }
}
