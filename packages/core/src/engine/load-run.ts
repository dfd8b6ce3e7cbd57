import type { Call, StateStore } from '../ports/index.ts'
import { loadArchive } from './archive.ts'
import { loadProgress } from './load-progress.ts'
import type { Progress } from './progress.ts'

/**
 * What is known of a run: from its archive when it was compacted, else from its journal.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND` when there is no such run.
 */
export async function loadRun(store: StateStore, runId: string, call: Call = {}): Promise<Progress> {
  return (runId === '' ? undefined : await loadArchive(store, runId, call)) ?? (await loadProgress(store, runId, call))
}
