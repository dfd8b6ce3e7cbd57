import { resolve } from 'node:path'
import type { StateStore } from '../ports/index.ts'
import { createBlobs } from './blobs.ts'
import { assertCount, assertName } from './check-arguments.ts'
import { createCommit } from './commit.ts'
import { type Connection, createConnection } from './connection.ts'
import { createDocuments } from './documents.ts'
import { createJournal } from './journal.ts'
import { createLeases } from './leases.ts'
import { IN_MEMORY, openDatabase } from './open-database.ts'
import { readSeal } from './seal.ts'
import { mapSqliteError } from './sqlite-errors.ts'

export interface SqliteStoreOptions {
  /** The store's clock; default the clock of this machine. */
  readonly clock?: { now(): number } | undefined
  /** How long a call waits while another process has the file locked; default 5000. */
  readonly busyTimeoutMs?: number | undefined
}

const BUSY_TIMEOUT_MS = 5000

/**
 * Opens the embedded store: one SQLite file, for many processes of one machine; creates it when there is none.
 *
 * Synchronous. A file that is foreign, newer or damaged is refused and left as it is. `:memory:` gives a store that
 * ends with its process, for tests. Close it when the work is done; that gives its leases back.
 *
 * @throws {@link VmunitError} `ERR_STORE_FOREIGN` when the file is something else; `ERR_STORE_TOO_NEW` when a later
 * version wrote it; `ERR_STORE_DAMAGED` when it is broken; `ERR_STORE_BUSY` when another process has it locked;
 * `ERR_UNAVAILABLE` when it cannot be read or made.
 *
 * @example
 * ```ts
 * import { openSqliteStore } from '@vmunit/core/sqlite-store'
 *
 * await using store = openSqliteStore('./vmunit.db')
 * await store.commit({ put: [{ key: 'note', revision: 0, value: 'hello' }] })
 * ```
 */
export function openSqliteStore(path: string, options: SqliteStoreOptions = {}): StateStore {
  const { clock, busyTimeoutMs = BUSY_TIMEOUT_MS } = options
  assertName(path, 'The path of a store')
  assertCount(busyTimeoutMs, 0, 'busyTimeoutMs')
  // Absolute, because the process may change its directory before its lease worker opens the file.
  const file = path === IN_MEMORY ? path : resolve(path)
  const now = (): number => Math.floor((clock ?? Date).now())
  const database = openDatabase(file, busyTimeoutMs)
  try {
    return assemble(createConnection(database, { path: file, now, busyTimeoutMs }))
  } catch (error) {
    database.close()
    throw mapSqliteError(error, file)
  }
}

function assemble(connection: Connection): StateStore {
  const { close: closeLeases, ...leases } = createLeases(connection)
  const close = async (): Promise<void> => await connection.close(closeLeases)
  return {
    ...createDocuments(connection),
    ...createBlobs(connection),
    ...leases,
    commit: createCommit(connection),
    journal: createJournal(connection),
    now: async (call) => {
      connection.closed.throwIfAborted()
      call?.signal?.throwIfAborted()
      return connection.now()
    },
    restoredAt: async (call) =>
      (await connection.read(() => readSeal(connection.database), call?.signal, { record: 'seal' })).restored_at ??
      undefined,
    close,
    [Symbol.asyncDispose]: close,
  }
}
