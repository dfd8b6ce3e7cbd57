import type { Plain } from '../domain/plain.ts'
import type { RunRecord } from '../domain/run-record.ts'
import type { AppendRecord, DocumentUpdate, Lease, StateStore } from '../ports/index.ts'
import { commitUpdates } from './commit-updates.ts'
import { applyRecord, type Progress } from './progress.ts'

export interface JournalWriter {
  /** Folds a record into the progress at once; it becomes durable, with its documents, in the next transaction. */
  write(record: RunRecord, updates?: readonly DocumentUpdate[]): void
  /** Resolves when everything written so far is durable; rejects when the run can no longer write. */
  durable(): Promise<void>
}

interface Queued {
  readonly append: AppendRecord
  readonly updates: readonly DocumentUpdate[]
}

export interface JournalWriterOptions {
  readonly store: StateStore
  readonly lease: Lease
  readonly progress: Progress
  readonly now: () => number
  /** Called after each transaction, for those who follow the journal. */
  readonly onDurable: () => void
}

/**
 * Writes the journal of one run: everything that comes up while one transaction is being written goes into the next,
 * so that many steps in flight share few transactions, in the order in which things happened.
 */
export function createJournalWriter(options: JournalWriterOptions): JournalWriter {
  const { store, lease, progress, now, onDurable } = options
  let queue: Queued[] = []
  let flushing: Promise<void> | undefined
  let isFlushPlanned = false

  async function flushAll(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue
      queue = []
      await commitUpdates(store, {
        lease,
        updates: batch.flatMap(({ updates }) => updates),
        append: batch.map(({ append }) => append),
      })
      onDurable()
    }
  }

  async function durable(): Promise<void> {
    // A failed flush is kept: nothing may be written, and so nothing may be done, after it.
    flushing = flushing === undefined ? flushAll() : flushing.then(flushAll)
    await flushing
  }

  /** Nobody may wait for the last record for long; what comes up in the same turn still shares its transaction. */
  function flushSoon(): void {
    if (isFlushPlanned) return
    isFlushPlanned = true
    setImmediate(() => {
      isFlushPlanned = false
      // Whoever acts next waits for durability and meets the failure there.
      durable().catch(() => {})
    })
  }

  return {
    durable,
    write(record, updates = []) {
      const seq = progress.nextSeq
      applyRecord(progress, { ...record, time: now() })
      const append = { run: progress.runId, seq, type: record.type, data: record.data as unknown as Plain }
      queue.push({ append, updates })
      flushSoon()
    },
  }
}
