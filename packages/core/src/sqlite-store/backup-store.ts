import { resolve } from 'node:path'
import type { Call } from '../ports/index.ts'
import { assertName } from './check-arguments.ts'
import { type CopiedStore, copyStore } from './copy-store.ts'
import { inspectDatabase, problemsOf } from './inspect-database.ts'
import { mapSqliteError } from './sqlite-errors.ts'

/**
 * Writes a backup of a store into a new file, also while managers work with it and runs are under way.
 *
 * The backup is one moment of the store. It is verified record by record as it is written and once more afterwards;
 * it appears complete or not at all. Keep it on another disk, and keep more than one.
 *
 * @throws {@link VmunitError} `ERR_STORE_DAMAGED` naming the first bad record, and then there is no backup;
 * `ERR_ALREADY_EXISTS` when there is a file at `to`; `ERR_UNAVAILABLE` when it cannot be written.
 *
 * @example
 * ```ts
 * await backupSqliteStore('./vmunit.db', `/backup/vmunit-${new Date().toISOString()}.db`)
 * ```
 */
export async function backupSqliteStore(path: string, to: string, call: Call = {}): Promise<CopiedStore> {
  assertPaths(path, to)
  inspect(path)
  return await copyStore(path, to, call)
}

/**
 * Makes a store from a backup, in a new file: never over one that exists, which may be open.
 *
 * Leases are not restored. The runs of the backup that had not ended are interrupted; `manager.resume()` continues
 * them, or says `ERR_JOURNAL_BEHIND` when the world has moved on since the backup.
 *
 * @throws {@link VmunitError} `ERR_STORE_DAMAGED` when the backup itself is damaged; `ERR_ALREADY_EXISTS` when there is
 * a file at `to`.
 */
export async function restoreSqliteStore(backup: string, to: string, call: Call = {}): Promise<CopiedStore> {
  assertPaths(backup, to)
  inspect(backup)
  return await copyStore(backup, to, { ...call, restoredAt: Date.now() })
}

/**
 * Makes a sound store from a damaged one, in a new file, where it can be proved that nothing is lost: when the damage
 * is in an index, in free pages or in leases, but every record fits its checksum and none is missing.
 *
 * The damaged file is left as it is.
 *
 * @throws {@link VmunitError} `ERR_STORE_DAMAGED` naming the first record that is lost: then only a backup helps.
 */
export async function repairSqliteStore(path: string, to: string, call: Call = {}): Promise<CopiedStore> {
  assertPaths(path, to)
  return await copyStore(path, to, call)
}

/** Something that is wrong with a store. */
export interface StoreProblem {
  readonly message: string
  /** Names the record: `key` of a document, `run` and `seq`, `hash` of a blob, `lease`, or a table, page or header. */
  readonly details: Readonly<Record<string, unknown>>
}

/**
 * Reads all of a store and lists everything that is wrong with it; an empty list says that it is sound. Changes nothing.
 *
 * Synchronous: for large stores that are in use, run it in a process of its own.
 *
 * @throws {@link VmunitError} `ERR_STORE_FOREIGN` and `ERR_STORE_TOO_NEW` as `openSqliteStore` does.
 */
export function checkSqliteStore(path: string): readonly StoreProblem[] {
  assertName(path, 'The path of a store')
  return problemsOf(resolve(path)).map(({ message, details }) => ({ message, details }))
}

function assertPaths(from: string, to: string): void {
  assertName(from, 'The path of the store')
  assertName(to, 'The path of the copy')
}

function inspect(path: string): void {
  const file = resolve(path)
  try {
    inspectDatabase(file)
  } catch (error) {
    throw mapSqliteError(error, file)
  }
}
