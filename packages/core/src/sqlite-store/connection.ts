import type { DatabaseSync } from 'node:sqlite'
import { VmunitError } from '../errors/index.ts'
import { systemClock } from '../internal/system-clock.ts'
import { storeBusy } from './lock-holder.ts'
import { rollBack } from './roll-back.ts'
import { SCHEMA_VERSION } from './schema.ts'
import { createSeal } from './seal.ts'
import { isBusy, mapSqliteError } from './sqlite-errors.ts'
import { createWriter, type Write } from './writer.ts'

const RETRY_MS = 10

/** What the parts of a store share: one connection, guarded against use after close and against locks. */
export interface Connection {
  readonly database: DatabaseSync
  readonly path: string
  readonly now: () => number
  /** Aborts with `ERR_CLOSED` when the store is closed. */
  readonly closed: AbortSignal
  /** Runs a synchronous read in one snapshot, again while the file is locked. `of` names what is read, for errors. */
  read<T>(work: () => T, signal: AbortSignal | undefined, of: ReadSubject): Promise<T>
  write<T>(work: Write<T>, signal?: AbortSignal | undefined): Promise<T>
  /** Refuses new calls, ends `before` and what is under way, and closes the database. */
  close(before: () => Promise<void>): Promise<void>
}

/** What a read is about: it is the first bad record when SQLite cannot read it. */
export type ReadSubject = Readonly<Record<string, string | number>>

export interface ConnectionOptions {
  readonly path: string
  readonly now: () => number
  readonly busyTimeoutMs: number
}

/** Wraps an open database. */
export function createConnection(database: DatabaseSync, options: ConnectionOptions): Connection {
  const { path, now, busyTimeoutMs } = options
  const closing = new AbortController()
  const mapError = (error: unknown, of?: ReadSubject): unknown =>
    isBusy(error) ? storeBusy(path, error) : mapSqliteError(error, path, of)
  const openSeal = createSeal(database)
  const writer = createWriter(database, {
    now,
    busyTimeoutMs,
    closed: closing.signal,
    mapError,
    newSeal: () => openSeal(SCHEMA_VERSION),
  })

  function snapshot<T>(work: () => T): T {
    database.exec('BEGIN')
    try {
      return work()
    } finally {
      rollBack(database)
    }
  }

  async function read<T>(work: () => T, signal: AbortSignal | undefined, of: ReadSubject): Promise<T> {
    const deadline = performance.now() + busyTimeoutMs
    while (true) {
      closing.signal.throwIfAborted()
      signal?.throwIfAborted()
      try {
        return snapshot(work)
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw mapError(error, of)
        await systemClock.sleep(RETRY_MS, { signal })
      }
    }
  }

  let closed: Promise<void> | undefined
  return {
    database,
    path,
    now,
    closed: closing.signal,
    read,
    write: writer.write,
    close: async (before) => {
      closed ??= (async () => {
        const done = before()
        closing.abort(
          new VmunitError('ERR_CLOSED', `The store ${path} was closed: open it again.`, { details: { path } }),
        )
        await done
        await writer.idle()
        database.close()
      })()
      await closed
    },
  }
}
