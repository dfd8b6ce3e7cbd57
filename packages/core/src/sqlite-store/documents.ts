import type { StateStore, Stored } from '../ports/index.ts'
import { assertName } from './check-arguments.ts'
import type { Connection } from './connection.ts'
import { assertAscending, type DocumentRow, verifiedDocument } from './document-row.ts'

const PAGE_ROWS = 500
const AFTER_UTF8 = 0xff

/** Makes `get` and `list` of the port. */
export function createDocuments(connection: Connection): Pick<StateStore, 'get' | 'list'> {
  const { database } = connection
  const one = database.prepare('SELECT key, revision, value, checksum FROM document WHERE key = ?')
  const page = database.prepare(
    `SELECT key, revision, value, checksum FROM document
     WHERE key >= ? AND key < CAST(? AS TEXT) ORDER BY key LIMIT ${PAGE_ROWS}`,
  )

  function find(key: string): Stored | undefined {
    const row = one.get(key) as DocumentRow | undefined
    return row === undefined ? undefined : verifiedDocument(row, connection.path)
  }

  return {
    get: async (keys, call) => {
      for (const key of keys) assertName(key, 'The key of a document')
      const reading = { key: '' }
      const findNamed = (key: string): Stored | undefined => {
        reading.key = key
        return find(key)
      }
      return await connection.read(() => keys.map(findNamed), call?.signal, reading)
    },
    list: async function* (prefix, call) {
      if (typeof prefix !== 'string') throw new TypeError('The prefix must be a string.')
      // No UTF-8 has this byte: the bound comes after every key with the prefix.
      const end = Buffer.concat([Buffer.from(prefix), Buffer.of(AFTER_UTF8)])
      let start: string | undefined = prefix
      let previous: string | undefined
      while (start !== undefined) {
        const from: string = start
        const rows = await connection.read(() => page.all(from, end) as unknown as DocumentRow[], call?.signal, {
          key: from,
        })
        for (const row of rows) {
          call?.signal?.throwIfAborted()
          assertAscending(previous, row.key, connection.path)
          previous = row.key
          yield verifiedDocument(row, connection.path)
        }
        const last: DocumentRow | undefined = rows.length < PAGE_ROWS ? undefined : rows.at(-1)
        start = last === undefined ? undefined : `${last.key}\0`
      }
    },
  }
}
