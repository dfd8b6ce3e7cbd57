import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { isVmunitError, VmunitError } from '../errors/index.ts'
import { LOCK_TRY_MS } from './connect.ts'
import { APPLICATION_ID, assertReadable, schemaVersion } from './schema.ts'
import { isBusy, isNotDatabase, mapSqliteError } from './sqlite-errors.ts'
import { surveyStore } from './survey-store.ts'

/**
 * Refuses a file that is foreign, newer or damaged, and leaves it as it is.
 *
 * Looks read-only, because closing the last writing connection moves the log into the file. Never reads the file by
 * other means while it is a database: closing it would drop the locks that this process has on it.
 */
export function inspectDatabase(path: string): void {
  lookAt(path, (database) => {
    for (const problem of surveyStore(database, { path, depth: 'open' })) throw problem
  })
}

/** Everything that is wrong with the file of a store. */
export function problemsOf(path: string): readonly VmunitError[] {
  try {
    return lookAt(path, (database) => [...surveyStore(database, { path, depth: 'all' })])
  } catch (error) {
    const mapped = mapSqliteError(error, path)
    if (isVmunitError(mapped, 'ERR_STORE_DAMAGED')) return [mapped]
    throw mapped
  }
}

/** SQLite takes the log of an empty file away, also when it may only read. */
export function assertNotEmpty(path: string): void {
  if (existsSync(path) && statSync(path).size === 0) throw empty(path)
}

/** Opens a file read-only, when it is a store that this code can read. */
export function lookAt<T>(path: string, work: (database: DatabaseSync) => T): T {
  assertNotEmpty(path)
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    database.exec(`PRAGMA busy_timeout = ${LOCK_TRY_MS}; PRAGMA cell_size_check = ON`)
    assertOurs(database, path)
    assertReadable(schemaVersion(database))
    return work(database)
  } catch (error) {
    if (isBusy(error)) throw error
    if (!isNotDatabase(error)) throw mapSqliteError(error, path, { page: 1 })
    throw bearsOurId(path) ? headerDamaged(path) : foreign(path, 'is not an SQLite database')
  } finally {
    database.close()
  }
}

/** Refuses what is no store of ours. */
export function assertOurs(database: DatabaseSync, path: string): void {
  const id = database.prepare('PRAGMA application_id').get()?.['application_id']
  const isEmpty = database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined
  if (isEmpty && (id === 0 || id === APPLICATION_ID)) throw empty(path)
  if (id === APPLICATION_ID) return
  throw isEmpty || !saysItIsOurs(database) ? foreign(path, 'belongs to another application') : headerDamaged(path)
}

function saysItIsOurs(database: DatabaseSync): boolean {
  try {
    return database.prepare("SELECT value FROM meta WHERE name = 'product'").get()?.['value'] === 'vmunit'
  } catch {
    // It has no such table.
    return false
  }
}

const HEADER_BYTES = 100
const ID_AT = 68

/** Asked only of a file that SQLite does not take for a database, so that nobody can have locks on it. */
function bearsOurId(path: string): boolean {
  const header = Buffer.alloc(HEADER_BYTES)
  const file = openSync(path, 'r')
  try {
    readSync(file, header)
  } finally {
    closeSync(file)
  }
  return header.readUInt32BE(ID_AT) === APPLICATION_ID
}

function foreign(path: string, what: string): VmunitError {
  return new VmunitError(
    'ERR_STORE_FOREIGN',
    `${path} ${what}, and is not a store of vmunit: check the path. Nothing was changed.`,
    { details: { path } },
  )
}

function headerDamaged(path: string): VmunitError {
  return new VmunitError('ERR_STORE_DAMAGED', `The store ${path} is damaged in its header: restore a backup.`, {
    details: { path, header: 'page 1' },
  })
}

function empty(path: string): VmunitError {
  return new VmunitError(
    'ERR_STORE_DAMAGED',
    `${path} is empty, which a store never is: restore a backup, or remove the file to begin a new store.`,
    { details: { path, header: 'empty' } },
  )
}
