import * as z from 'zod'
import type { Parser } from '../domain/plain.ts'
import { hasEnded } from '../domain/run-state.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call, StateStore } from '../ports/index.ts'
import { keys, plain, runDocumentParser } from './documents.ts'
import { loadProgress } from './load-progress.ts'
import { beginProgress, type Progress } from './progress.ts'

/** The members of a run's progress that its archive keeps as they are. */
type Kept = Pick<
  Progress,
  'plan' | 'principal' | 'approval' | 'state' | 'returning' | 'error' | 'halfDone' | 'updatedAt'
>

/** What is kept of a run whose journal was given up: everything that its journal folds to. */
interface ArchiveDocument {
  readonly kept: Kept
  readonly records: number
  readonly maps: Readonly<Record<'gates' | 'changes' | 'steps' | 'attempts', readonly (readonly [string, unknown])[]>>
  readonly adopted: readonly string[]
}

const entries = z.array(z.tuple([z.string(), z.unknown()]))

const archiveParser: Parser<ArchiveDocument> = z.object({
  kept: z.custom<Kept>((value) => typeof value === 'object' && value !== null),
  records: z.number(),
  maps: z.object({ gates: entries, changes: entries, steps: entries, attempts: entries }),
  adopted: z.array(z.string()),
})

export interface CompactRun {
  readonly runId: string
  /** Names the process that does it. */
  readonly owner: string
  readonly leaseMs: number
}

/**
 * Puts what the journal of a run folds to in the place of the journal, in one transaction. Outcomes, result, and who did
 * what under which plan stay; what is lost is the story in between: each record with its time, and retries.
 *
 * @throws {@link VmunitError} `ERR_WRONG_STATE` while the run is not over; `ERR_LOCKED` while somebody moves it.
 */
export async function compactRun(
  store: StateStore,
  { runId, owner, leaseMs }: CompactRun,
  call: Call = {},
): Promise<void> {
  await using lease = await store.acquire(keys.run(runId), { owner, ttlMs: leaseMs, ...call })
  const progress = await loadProgress(store, runId, call)
  if (!hasEnded(progress.state)) {
    throw new VmunitError(
      'ERR_WRONG_STATE',
      `Run ${runId} is not over (${progress.state}): resume or cancel it first.`,
      {
        details: { run: runId, state: progress.state },
      },
    )
  }
  const [archived, head] = await store.get([keys.archive(runId), keys.run(runId)], call)
  if (archived !== undefined || head === undefined) return
  const compacted = plain({ ...runDocumentParser.parse(head.value), compacted: true })
  const put = [
    { key: keys.archive(runId), revision: 0, value: plain(archiveOf(progress)) },
    { ...head, value: compacted },
  ]
  await store.commit({ lease, put, forget: [runId] }, call)
}

function archiveOf(progress: Progress): ArchiveDocument {
  const { plan, principal, approval, state, returning, error, halfDone, updatedAt } = progress
  return {
    kept: { plan, principal, approval, state, returning, error, halfDone, updatedAt },
    records: progress.nextSeq - 1,
    maps: {
      gates: [...progress.gates],
      changes: [...progress.changes],
      steps: [...progress.steps],
      attempts: [...progress.attempts],
    },
    adopted: [...progress.adopted],
  }
}

/** What an archive was made from; undefined when there is none. */
export async function loadArchive(store: StateStore, runId: string, call: Call = {}): Promise<Progress | undefined> {
  const [document] = await store.get([keys.archive(runId)], call)
  if (document === undefined) return undefined
  const { kept, records, maps, adopted } = archiveParser.parse(document.value)
  const { plan, principal, approval, updatedAt } = kept
  const begun = beginProgress(runId, { type: 'run.created', data: { plan, principal, approval }, time: updatedAt })
  return {
    ...begun,
    ...kept,
    nextSeq: records + 1,
    // The document holds what this file put there; its checksum was verified by the store.
    gates: new Map(maps.gates as [string, never][]),
    changes: new Map(maps.changes as [never, never][]),
    steps: new Map(maps.steps as [string, never][]),
    attempts: new Map(maps.attempts as [string, number][]),
    adopted: new Set(adopted),
  }
}
