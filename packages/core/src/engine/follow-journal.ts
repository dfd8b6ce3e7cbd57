import type { RunEvent } from '../domain/run-record.ts'
import { hasEnded } from '../domain/run-state.ts'
import type { Call, Clock, StateStore } from '../ports/index.ts'
import { keys, runDocumentParser } from './documents.ts'
import { runEvent } from './load-progress.ts'

/** Wakes those who follow a run in this process as soon as something is durable. */
export interface Bell {
  ring(): void
  /** Resolves at the next ring. */
  next(): Promise<void>
}

export function createBell(): Bell {
  let waiting = Promise.withResolvers<void>()
  return {
    ring() {
      waiting.resolve()
      waiting = Promise.withResolvers<void>()
    },
    next: () => waiting.promise,
  }
}

/** Nothing follows one of these. */
const LAST_RECORDS: ReadonlySet<string> = new Set<RunEvent['type']>(['run.succeeded', 'run.failed', 'run.cancelled'])

/** Ends a wait that nobody waits for any more; without a reason, each time an exception would be made. */
const OVER = 'the wait is over'

export interface FollowOptions extends Call {
  readonly from: number
  readonly follow: boolean
}

export interface FollowSources {
  readonly store: StateStore
  readonly clock: Clock
  readonly bell: Bell
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
    // Asked for before the reading, so that nothing written during it is missed.
    const rung = bell.next()
    let isPaused = false
    for await (const record of store.journal(runId, next, { signal })) {
      next = record.seq + 1
      yield runEvent(record)
      isPaused = record.type === 'run.paused'
      isOver ||= LAST_RECORDS.has(record.type)
    }
    if (!follow || isPaused || isOver) return
    const isRung = await untilRung(rung, { clock, pollMs, signal })
    isOver = !isRung && (await hasRunEnded(store, runId, { signal }))
    signal?.throwIfAborted()
  }
}

/** Waits for a bell, but not longer than `pollMs`: others may have written. True when it rang. */
export async function untilRung(
  rung: Promise<void>,
  { clock, pollMs, signal }: Call & Pick<FollowSources, 'clock' | 'pollMs'>,
): Promise<boolean> {
  const done = new AbortController()
  const waiting = clock.sleep(pollMs, {
    signal: signal === undefined ? done.signal : AbortSignal.any([signal, done.signal]),
  })
  try {
    return await Promise.race([rung.then(() => true), waiting.then(() => false)])
  } finally {
    done.abort(OVER)
    await waiting.catch(() => {})
  }
}

async function hasRunEnded(store: StateStore, runId: string, call: Call): Promise<boolean> {
  const [document] = await store.get([keys.run(runId)], call)
  return document === undefined || hasEnded(runDocumentParser.parse(document.value).state)
}
