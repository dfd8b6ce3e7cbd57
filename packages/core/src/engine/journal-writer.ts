import { setImmediate as nextTurn } from 'node:timers/promises'
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

export interface JournalWriterOptions {
  readonly store: StateStore
  readonly lease: Lease
  readonly progress: Progress
  readonly now: () => number
  /** Called after each transaction, for those who follow the journal. */
  readonly onDurable: () => void
}

/** What goes into one transaction. */
interface Batch {
  readonly append: AppendRecord[]
  readonly updates: DocumentUpdate[]
  readonly durable: PromiseWithResolvers<void>
}

/**
 * Writes the journal of one run: everything that comes up while one transaction is being written, and until the turn of
 * the event loop after it is over, goes into the next. So many steps in flight share few transactions, in the order in
 * which things happened.
 */
export function createJournalWriter(options: JournalWriterOptions): JournalWriter {
  const { store, lease, progress, now, onDurable } = options
  let open = createBatch()
  let latest: Promise<void> = Promise.resolve()
  let isWriting = false

  async function writeAll(): Promise<void> {
    isWriting = true
    while (open.append.length > 0) {
      // Those that the last transaction let go on say in this turn what they do next.
      await nextTurn()
      const { append, updates, durable } = open
      open = createBatch()
      latest = durable.promise
      try {
        await commitUpdates(store, { lease, updates, append })
      } catch (error) {
        // Kept for ever: nothing may be written, and so nothing may be done, after it. Some wait for the next one already.
        for (const batch of [open, { durable }]) batch.durable.reject(error)
        return
      }
      durable.resolve()
      onDurable()
    }
    isWriting = false
  }

  return {
    durable: async () => await (open.append.length > 0 ? open.durable.promise : latest),
    write(record, updates = []) {
      const seq = progress.nextSeq
      applyRecord(progress, { ...record, time: now() })
      open.append.push({ run: progress.runId, seq, type: record.type, data: record.data as unknown as Plain })
      open.updates.push(...updates)
      if (!isWriting) void writeAll()
    },
  }
}

function createBatch(): Batch {
  const durable = Promise.withResolvers<void>()
  // Whoever acts next waits for durability and meets a failure there.
  durable.promise.catch(() => {})
  return { append: [], updates: [], durable }
}
