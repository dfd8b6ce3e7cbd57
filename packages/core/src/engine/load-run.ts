import { hasEnded } from '../domain/run-state.ts'
import { isVmunitError } from '../errors/index.ts'
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
  const archived = runId === '' ? undefined : await loadArchive(store, runId, call)
  if (archived !== undefined) return archived
  try {
    const progress = await loadProgress(store, runId, call)
    if (hasEnded(progress.state)) return progress
    return (await loadArchive(store, runId, call)) ?? progress
  } catch (error) {
    // What is compacted while it is read has its archive from then on.
    const given = isVmunitError(error, 'ERR_NOT_FOUND') && runId !== '' && (await loadArchive(store, runId, call))
    if (!given) throw error
    return given
  }
}
