import type { RunEvent } from '../domain/run-record.ts'
import { hasEnded } from '../domain/run-state.ts'
import type { Call, Clock, StateStore } from '../ports/index.ts'
import { type Bell, listen } from './bell.ts'
import { keys, runDocumentParser } from './documents.ts'
import { runEvent } from './load-progress.ts'

/** Nothing follows one of these. */
const LAST_RECORDS: ReadonlySet<string> = new Set<RunEvent['type']>(['run.succeeded', 'run.failed', 'run.cancelled'])

export interface FollowOptions extends Call {
  readonly from: number
  readonly follow: boolean
}

export interface FollowSources {
  readonly store: StateStore
  readonly clock: Clock
  readonly bell: Pick<Bell, 'next'>
  readonly pollMs: number
}

/** The journal of a run as it grows, whichever process writes it, until the run has ended or stands paused. */
export async function* followJournal(
  { store, clock, bell, pollMs }: FollowSources,
  runId: string,
  options: FollowOptions,
): AsyncGenerator<RunEvent, void, undefined> {
  const { signal, follow } = options
  let next = options.from
  // A reader who asks for more than there is finds no record that says so.
  let isOver = await hasRunEnded(store, runId, { signal })
  for (;;) {
    using listener = listen(bell)
    let isPaused = false
    for await (const record of store.journal(runId, next, { signal })) {
      next = record.seq + 1
      yield runEvent(record)
      isPaused = record.type === 'run.paused'
      isOver ||= LAST_RECORDS.has(record.type)
    }
    if (!follow || isPaused || isOver) return
    const isRung = await listener.rings(pollMs, { clock, signal })
    isOver = !isRung && (await hasRunEnded(store, runId, { signal }))
    signal?.throwIfAborted()
  }
}

async function hasRunEnded(store: StateStore, runId: string, call: Call): Promise<boolean> {
  const [document] = await store.get([keys.run(runId)], call)
  return document === undefined || hasEnded(runDocumentParser.parse(document.value).state)
}
