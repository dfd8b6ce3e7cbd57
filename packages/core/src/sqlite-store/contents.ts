import type { DatabaseSync } from 'node:sqlite'
import { assertAscending } from './document-row.ts'

/** The last record of a journal. */
export interface JournalTail {
  readonly run: string
  readonly seq: number
  readonly checksum: string
}

/** The last record of each journal; steps from run to run and leaves the records between them alone. */
export function* journalTails(database: DatabaseSync): Generator<JournalTail, void, undefined> {
  const first = database.prepare('SELECT run FROM journal ORDER BY run LIMIT 1')
  const after = database.prepare('SELECT run FROM journal WHERE run > ? ORDER BY run LIMIT 1')
  const last = database.prepare('SELECT seq, checksum FROM journal WHERE run = ? ORDER BY seq DESC LIMIT 1')
  let previous: string | undefined
  for (let row = first.get(); row !== undefined; row = after.get(String(row['run']))) {
    assertAscending(previous, String(row['run']), 'of its journals')
    previous = String(row['run'])
    const tail = last.get(previous)
    if (tail !== undefined) yield { run: previous, seq: Number(tail['seq']), checksum: String(tail['checksum']) }
  }
}

/** The hashes of all blobs. */
export function* blobHashes(database: DatabaseSync): Generator<string, void, undefined> {
  for (const row of database.prepare('SELECT hash FROM blob WHERE number = 0').iterate()) yield String(row['hash'])
}
