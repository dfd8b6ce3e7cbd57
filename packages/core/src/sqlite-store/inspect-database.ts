import { DatabaseSync } from 'node:sqlite'
import { VmunitError } from '../errors/index.ts'
import { LOCK_TRY_MS } from './connect.ts'
import { APPLICATION_ID, assertReadable, schemaVersion } from './schema.ts'
import { isNotDatabase } from './sqlite-errors.ts'

/**
 * Refuses a file that is foreign, newer or damaged, and leaves it as it is. A database with nothing in it is accepted.
 *
 * Looks read-only, because closing the last writing connection moves the log into the file. Never reads the file by
 * other means: closing it would drop the locks that this process has on it.
 */
export function inspectDatabase(path: string): void {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    database.exec(`PRAGMA busy_timeout = ${LOCK_TRY_MS}`)
    if (!isOurs(database, path)) return
    assertReadable(schemaVersion(database))
    for (const table of ['meta', 'document', 'lease']) assertSound(database, table, path)
  } catch (error) {
    throw isNotDatabase(error) ? foreign(path, 'is not an SQLite database') : error
  } finally {
    database.close()
  }
}

function isOurs(database: DatabaseSync, path: string): boolean {
  const id = database.prepare('PRAGMA application_id').get()?.['application_id']
  if (id === APPLICATION_ID) return true
  if (id !== 0 || database.prepare('SELECT 1 FROM sqlite_schema').get() !== undefined) {
    throw foreign(path, 'belongs to another application')
  }
  return false
}

/** Journal and blobs are left out: they can be large, and each read verifies them. */
function assertSound(database: DatabaseSync, table: string, path: string): void {
  const found = database.prepare(`PRAGMA quick_check(${table})`).get()?.['quick_check']
  if (found === 'ok') return
  throw new VmunitError('ERR_STORE_DAMAGED', `The store ${path} is damaged in its table ${table}: restore a backup.`, {
    details: { path, table, found },
  })
}

function foreign(path: string, what: string): VmunitError {
  return new VmunitError(
    'ERR_STORE_FOREIGN',
    `${path} ${what}, and is not a store of vmunit: check the path. Nothing was changed.`,
    { details: { path } },
  )
}
