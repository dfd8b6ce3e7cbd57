import { VmunitError } from '../errors/index.ts'
import type { JournalRecord, StateStore } from '../ports/index.ts'
import { assertCount, assertName } from './check-arguments.ts'
import { firstPredecessor, recordChecksum } from './checksum.ts'
import type { Connection } from './connection.ts'

const PAGE_ROWS = 500

/** A journal record as it is stored; `data` is canonical JSON. */
export interface RecordRow {
  readonly seq: number
  readonly time: number
  readonly type: string
  readonly data: string | null
  readonly checksum: string
}

/** Makes `journal` of the port. Holds no read transaction while its reader is busy. */
export function createJournal(connection: Connection): StateStore['journal'] {
  const { database } = connection
  const page = database.prepare(
    `SELECT seq, time, type, data, checksum FROM journal WHERE run = ? AND seq >= ? ORDER BY seq LIMIT ${PAGE_ROWS}`,
  )
  const checksumOf = database.prepare('SELECT checksum FROM journal WHERE run = ? AND seq = ?')

  function predecessor(run: string, seq: number): string {
    if (seq === 1) return firstPredecessor(run)
    // Without one, nothing can follow: the first record that is there will not fit.
    return String(checksumOf.get(run, seq - 1)?.['checksum'])
  }

  return async function* (run, from, call) {
    assertName(run, 'The run')
    assertCount(from, 1, 'The first record to read')
    let seq = from
    let checksum = await connection.read(() => predecessor(run, from), call?.signal, { run, seq: from })
    let rows: readonly RecordRow[]
    do {
      const start = seq
      rows = await connection.read(() => page.all(run, start) as unknown as RecordRow[], call?.signal, {
        run,
        seq: start,
      })
      for (const row of rows) {
        call?.signal?.throwIfAborted()
        const { time, type, data } = row
        checksum = recordChecksum(checksum, { run, seq, time, type, data })
        if (row.seq !== seq || row.checksum !== checksum) throw damagedRecord(run, seq, connection.path)
        yield toRecord(row)
        seq += 1
      }
    } while (rows.length === PAGE_ROWS)
  }
}

function toRecord({ seq, time, type, data, checksum }: RecordRow): JournalRecord {
  return { seq, time, type, data: data === null ? undefined : JSON.parse(data), checksum }
}

/** The record that does not follow the one before it. */
export function damagedRecord(run: string, seq: number, path: string): VmunitError {
  return new VmunitError(
    'ERR_STORE_DAMAGED',
    `Record ${seq} of ${run} in the store ${path} does not follow its predecessor: restore a backup.`,
    { details: { path, run, seq } },
  )
}
