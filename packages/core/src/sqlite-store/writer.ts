import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { isVmunitError } from '../errors/index.ts'
import { rollBack } from './roll-back.ts'
import type { SealChanges } from './seal.ts'
import { isBusy } from './sqlite-errors.ts'

const RETRY_MS = 10

/** What one SQLite transaction knows; shared by all commits in it. */
export interface Transaction {
  /** The store's clock when it began. */
  readonly now: number
  /** The last record of each run that was written to in it, or looked up. */
  readonly tails: Map<string, { readonly seq: number; readonly checksum: string }>
  /** Told of every record that is written or removed. */
  readonly seal: SealChanges
}

/** Checks completely, and throws a `VmunitError` before its first write or not at all. */
export type Write<T> = (transaction: Transaction) => T

/** Puts writes that arrive together into one SQLite transaction. */
export interface Writer {
  /** Resolves when the write is durable. A write that throws a `VmunitError` changes nothing; its neighbours go through. */
  write<T>(work: Write<T>, signal?: AbortSignal | undefined): Promise<T>
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

export interface WriterOptions {
  readonly now: () => number
  readonly newSeal: () => SealChanges
  readonly busyTimeoutMs: number
  /** Refuses new writes. */
  readonly closed: AbortSignal
  /** Turns what SQLite threw into an error of ours. */
  readonly mapError: (error: unknown) => unknown
}

interface Task {
  readonly deadline: number
  /** Does the work; what it returns settles the caller, after the transaction. */
  attempt(transaction: Transaction): () => void
  reject(error: unknown): void
}

/** Makes the one writer of a connection. */
export function createWriter(database: DatabaseSync, options: WriterOptions): Writer {
  const waiting = new Set<Task>()
  let flushing: Promise<void> | undefined

  function enqueue(task: Task): void {
    waiting.add(task)
    flushing ??= flush()
  }

  async function flush(): Promise<void> {
    do {
      // Whatever else this turn of the event loop commits joins the transaction.
      await nextTurn()
      if (begin()) transactAll()
      else if (waiting.size > 0) await sleep(RETRY_MS)
    } while (waiting.size > 0)
    // In the same breath as the last look: who comes later must find that nobody flushes.
    flushing = undefined
  }

  /** False when it is worth trying again, or nobody waits any more. */
  function begin(): boolean {
    if (waiting.size === 0) return false
    try {
      database.exec('BEGIN IMMEDIATE')
      return true
    } catch (error) {
      const busy = isBusy(error)
      for (const task of waiting) {
        if (busy && performance.now() < task.deadline) continue
        waiting.delete(task)
        task.reject(options.mapError(error))
      }
      return false
    }
  }

  function transactAll(): void {
    const batch = [...waiting]
    waiting.clear()
    try {
      const transaction = { now: options.now(), tails: new Map(), seal: options.newSeal() }
      const settlements = batch.map((task) => task.attempt(transaction))
      transaction.seal.write()
      database.exec('COMMIT')
      for (const settle of settlements) settle()
    } catch (error) {
      rollBack(database)
      for (const task of batch) task.reject(options.mapError(error))
    }
  }

  return {
    write: (work, signal) =>
      new Promise((resolve, reject) => {
        options.closed.throwIfAborted()
        signal?.throwIfAborted()
        const leave = (): void => signal?.removeEventListener('abort', onAbort)
        const task: Task = {
          deadline: performance.now() + options.busyTimeoutMs,
          attempt: (transaction) => {
            leave()
            try {
              const value = work(transaction)
              return () => resolve(value)
            } catch (error) {
              if (!isVmunitError(error)) throw error
              return () => reject(error)
            }
          },
          reject: (error) => {
            leave()
            reject(error)
          },
        }
        const onAbort = (): void => {
          waiting.delete(task)
          reject(signal?.reason)
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        enqueue(task)
      }),
    idle: async () => {
      while (flushing !== undefined) await flushing
    },
  }
}
