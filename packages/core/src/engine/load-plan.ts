import type { Plan } from '../domain/plan.ts'
import type { Call, StateStore } from '../ports/index.ts'
import { runEvent, unknownRun } from './load-progress.ts'
import { beginProgress } from './progress.ts'

/**
 * Reads the plan of a run, which is in the first record of its journal, and nothing else.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND` when there is no such run.
 */
export async function loadPlan(store: StateStore, runId: string, call: Call = {}): Promise<Plan> {
  if (runId === '') throw unknownRun(runId)
  for await (const record of store.journal(runId, 1, call)) return beginProgress(runId, runEvent(record)).plan
  throw unknownRun(runId)
}
