import type { Call, Clock, JournalRecord, StateStore } from '../ports/index.ts'

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

const LAST_RECORDS = new Set(['run.succeeded', 'run.failed', 'run.cancelled'])

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
): AsyncGenerator<JournalRecord, void, undefined> {
  const { signal, follow } = options
  let next = options.from
  for (;;) {
    // Asked for before the reading, so that nothing written during it is missed.
    const rung = bell.next()
    let isPaused = false
    for await (const record of store.journal(runId, next, { signal })) {
      next = record.seq + 1
      yield record
      isPaused = record.type === 'run.paused'
      if (LAST_RECORDS.has(record.type)) return
    }
    if (!follow || isPaused) return
    const done = new AbortController()
    const waiting = clock.sleep(pollMs, {
      signal: signal === undefined ? done.signal : AbortSignal.any([signal, done.signal]),
    })
    try {
      await Promise.race([rung, waiting])
    } finally {
      done.abort()
      await waiting.catch(() => {})
    }
    signal?.throwIfAborted()
  }
}
