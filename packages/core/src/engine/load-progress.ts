import type { RunEvent } from '../domain/run-record.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call, JournalRecord, StateStore } from '../ports/index.ts'
import { applyRecord, beginProgress, type Progress } from './progress.ts'

/** The journal holds what this package's writer put there; its checksums were verified by the store. */
export function runEvent({ seq, time, type, data, checksum }: JournalRecord): RunEvent {
  return { seq, time, type, data, checksum } as unknown as RunEvent
}

/**
 * Reads the whole journal of a run.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND` when there is no such run.
 */
export async function loadProgress(store: StateStore, runId: string, call: Call = {}): Promise<Progress> {
  let progress: Progress | undefined
  if (runId === '') throw unknownRun(runId)
  for await (const record of store.journal(runId, 1, call)) {
    if (progress === undefined) progress = beginProgress(runId, runEvent(record))
    else applyRecord(progress, runEvent(record))
  }
  if (progress === undefined) throw unknownRun(runId)
  return progress
}

/** What a journal says, read whole. */
export function progressOf(runId: string, [first, ...rest]: readonly RunEvent[]): Progress {
  if (first === undefined) throw unknownRun(runId)
  const progress = beginProgress(runId, first)
  for (const event of rest) applyRecord(progress, event)
  return progress
}

/** Says that there is no such run. */
export function unknownRun(runId: string): VmunitError {
  return new VmunitError('ERR_NOT_FOUND', `There is no run "${runId}". List them with manager.runs().`, {
    details: { run: runId },
  })
}
