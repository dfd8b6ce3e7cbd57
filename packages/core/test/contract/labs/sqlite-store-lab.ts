import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SQLInputValue } from 'node:sqlite'
import type { StateStore } from '../../../src/ports/index.ts'
import { openSqliteStore } from '../../../src/sqlite-store/index.ts'
import type { StoreLab } from '../../../src/testing/index.ts'
import { openRawDatabase } from '../../support/raw-database.ts'

/** Changes one bit of the last letter or digit. */
function flipText(text: string): string {
  const at = text.search(/[a-z0-9][^a-z0-9]*$/)
  return `${text.slice(0, at)}${String.fromCharCode(text.charCodeAt(at) ^ 1)}${text.slice(at + 1)}`
}

/** A new store in a file of its own. */
export async function openSqliteStoreLab(): Promise<StoreLab> {
  const directory = await mkdtemp(join(tmpdir(), 'vmunit-contract-'))
  const path = join(directory, 'store.db')
  const stores: StateStore[] = []

  function damage(table: string, column: string, where: Readonly<Record<string, SQLInputValue>>): void {
    using database = openRawDatabase(path)
    const condition = Object.keys(where)
      .map((name) => `${name} = ?`)
      .join(' AND ')
    const values = Object.values(where)
    const row = database.prepare(`SELECT ${column} AS found FROM ${table} WHERE ${condition}`).get(...values)
    const found = row?.['found']
    const changed = found instanceof Uint8Array ? found.with(0, (found[0] ?? 0) ^ 1) : flipText(String(found))
    database.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${condition}`).run(changed, ...values)
  }

  return {
    slowMs: 5_000,
    open: async () => {
      const store = openSqliteStore(path)
      stores.push(store)
      return store
    },
    // A process that is stopped does not tick; this one is, for long enough.
    expireLease: async (key) => {
      const holder = await stores[0]?.holder(key)
      if (holder === undefined) throw new TypeError(`nobody holds ${key}`)
      const ttlMs = holder.expiresAt - holder.renewedAt
      const cell = new Int32Array(new SharedArrayBuffer(4))
      Atomics.wait(cell, 0, 0, 2.5 * ttlMs)
    },
    damageRecord: async (run, seq) => damage('journal', 'data', { run, seq }),
    damageDocument: async (key) => damage('document', 'value', { key }),
    damageBlob: async (hash) => damage('blob', 'content', { hash }),
    lose: async (lost) => {
      using database = openRawDatabase(path)
      const [table, condition, ...values]: [string, string, ...SQLInputValue[]] =
        'key' in lost
          ? ['document', 'key = ?', lost.key]
          : 'run' in lost
            ? ['journal', 'run = ? AND seq >= ?', lost.run, lost.from]
            : ['blob', 'hash = ?', lost.hash]
      const rows = database.prepare(`SELECT * FROM ${table} WHERE ${condition}`).all(...values)
      database.prepare(`DELETE FROM ${table} WHERE ${condition}`).run(...values)
      return async () => {
        using again = openRawDatabase(path)
        for (const row of rows) {
          const columns = Object.values(row)
          again.prepare(`INSERT INTO ${table} VALUES (${columns.map(() => '?').join()})`).run(...columns)
        }
      }
    },
    close: async () => {
      await Promise.all(stores.map(async (store) => await store.close()))
      await rm(directory, { recursive: true })
    },
  }
}
