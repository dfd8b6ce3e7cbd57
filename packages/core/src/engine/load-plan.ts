import type { Plan } from '../domain/plan.ts'
import type { Call, StateStore } from '../ports/index.ts'
import { loadArchive } from './archive.ts'
import { runEvent, unknownRun } from './load-progress.ts'
import { beginProgress } from './progress.ts'

/**
 * Reads the plan of a run and nothing else: it is in the first record of its journal, or in its archive.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND` when there is no such run.
 */
export async function loadPlan(store: StateStore, runId: string, call: Call = {}): Promise<Plan> {
  if (runId === '') throw unknownRun(runId)
  const archive = await loadArchive(store, runId, call)
  if (archive !== undefined) return archive.plan
  for await (const record of store.journal(runId, 1, call)) return beginProgress(runId, runEvent(record)).plan
  // Compacted between these two looks, it has its archive now.
  const given = await loadArchive(store, runId, call)
  if (given !== undefined) return given.plan
  throw unknownRun(runId)
}
