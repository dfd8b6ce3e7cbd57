import { randomUUID } from 'node:crypto'
import { existsSync, linkSync, rmSync, statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { VmunitError } from '../errors/index.ts'
import { connect } from './connect.ts'
import { inspectDatabase } from './inspect-database.ts'
import { storeBusy } from './lock-holder.ts'
import { migrate } from './schema.ts'
import { isBusy, mapSqliteError } from './sqlite-errors.ts'

/** The path of a store that nobody else sees and that ends with its process. */
export const IN_MEMORY = ':memory:'

const PAUSE_MS = 10

/** Opens the file of a store, creates it when there is none, and brings it to the present schema. */
export function openDatabase(path: string, busyTimeoutMs: number): DatabaseSync {
  const deadline = performance.now() + busyTimeoutMs
  while (true) {
    try {
      return tryOpen(path)
    } catch (error) {
      if (!isBusy(error)) throw mapSqliteError(error, path)
      if (performance.now() > deadline) throw storeBusy(path, error)
      // Opening is synchronous, and so is its waiting.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
    }
  }
}

function tryOpen(path: string): DatabaseSync {
  if (path === IN_MEMORY) return fill(path)
  if (!existsSync(path)) {
    refuseOrphanedLog(path)
    create(path)
  }
  inspectDatabase(path)
  return fill(path)
}

/** A log without its file is what remains of a store; SQLite would write it into the new one. */
export function refuseOrphanedLog(path: string): void {
  const log = `${path}-wal`
  if (!existsSync(log) || statSync(log).size === 0) return
  throw new VmunitError(
    'ERR_STORE_DAMAGED',
    `The store ${path} is gone, only its log ${log} is there: restore a backup elsewhere, or remove the log to begin anew.`,
    { details: { path, header: 'missing' } },
  )
}

/** A store appears complete or not at all, whenever its creator dies; of several creators the first one wins. */
function create(path: string): void {
  const draft = `${path}.${randomUUID()}.new`
  try {
    fill(draft).close()
    linkSync(draft, path)
  } catch (error) {
    if (!existsSync(path)) throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Opens a file that is known to be sound, or new, and brings it to the present schema. */
export function fill(path: string): DatabaseSync {
  const database = connect(path)
  try {
    database.exec('PRAGMA journal_mode = WAL')
    migrate(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
