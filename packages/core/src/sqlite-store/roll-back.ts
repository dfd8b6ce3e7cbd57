import type { DatabaseSync } from 'node:sqlite'

/** Ends a transaction without its changes, also when SQLite has done so by itself, as when the disk is full. */
export function rollBack(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // The error that led here is the one to tell.
  }
}
