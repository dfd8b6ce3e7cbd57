import { DatabaseSync } from 'node:sqlite'

/** How long SQLite itself may wait for a lock, and block its thread; longer waits are ours, between tries. */
export const LOCK_TRY_MS = 25

/** A connection with the settings that every connection to a store has. */
export function connect(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  database.exec(`PRAGMA busy_timeout = ${LOCK_TRY_MS}; PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON;`)
  return database
}
