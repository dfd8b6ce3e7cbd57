import { DatabaseSync } from 'node:sqlite'

/**
 * The file of a store without the store, as somebody with a tool for databases has it open.
 *
 * Waits for a lock: the lease of a store in the same test may be renewed at any moment.
 */
export function openRawDatabase(path: string): DatabaseSync {
  return new DatabaseSync(path, { timeout: 10_000 })
}
