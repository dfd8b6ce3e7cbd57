import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { StateStore } from '../../../src/ports/index.ts'
import {
  backupSqliteStore,
  checkSqliteStore,
  openSqliteStore,
  repairSqliteStore,
  restoreSqliteStore,
} from '../../../src/sqlite-store/index.ts'
import { openRawDatabase } from '../../support/raw-database.ts'
import { damage, open, startChild, storePath } from './support.ts'

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

async function filled(): Promise<{ readonly path: string; readonly store: StateStore; readonly hash: string }> {
  const path = storePath()
  const store = open(path)
  const lease = await store.acquire('run/r', { owner: 'test', ttlMs: 30_000 })
  await store.commit({ put: [{ key: 'a', revision: 0, value: 'the document' }] })
  for (let seq = 1; seq <= 3; seq += 1) {
    await store.commit({ lease, append: [{ run: 'r', seq, type: 'noted', data: `record ${seq}` }] })
  }
  return { path, store, hash: await store.putBlob(bytes('some content')) }
}

async function contents(store: StateStore): Promise<unknown> {
  return [await Array.fromAsync(store.list('')), await Array.fromAsync(store.journal('r', 1))]
}

describe('backupSqliteStore', () => {
  it('copies a store that is open, without its leases, into one file', async () => {
    const { path, store, hash } = await filled()
    const to = storePath()
    expect(await backupSqliteStore(path, to)).toEqual({ path: to, documents: 1, records: 3, blobs: 1 })
    expect(readdirSync(dirname(to))).toEqual(['vmunit.db'])
    const restored = storePath()
    await restoreSqliteStore(to, restored)
    const copy = open(restored)
    expect(await contents(copy)).toEqual(await contents(store))
    expect(Buffer.concat(await Array.fromAsync(copy.getBlob(hash))).toString()).toBe('some content')
    expect(await copy.holder('run/r')).toBeUndefined()
    // Whoever held a lease of the store before has no token that is given again.
    const lease = await copy.acquire('run/r', { owner: 'test', ttlMs: 30_000 })
    expect(lease.token).toBeGreaterThan(1)
    await copy.commit({ lease, append: [{ run: 'r', seq: 4, type: 'noted', data: null }] })
  })

  it('is one moment of a store that others write to', async () => {
    const path = storePath()
    const child = startChild('append-forever', path)
    for (let lines = 0; lines < 200; lines += 1) await child.line()
    for (let round = 0; round < 5; round += 1) {
      const to = storePath()
      await backupSqliteStore(path, to)
      expect(checkSqliteStore(to)).toEqual([])
      // Its writer commits each document with the record of the same number.
      const store = open(to)
      for await (const { key, value } of store.list('doc/')) {
        const records = await Array.fromAsync(store.journal(key.slice('doc/'.length), 1))
        expect(records.length).toBe(value)
      }
    }
    child.signal('SIGKILL')
  })

  it('overwrites nothing', async () => {
    const { path } = await filled()
    const to = storePath()
    writeFileSync(to, 'the last backup')
    await expect(backupSqliteStore(path, to)).rejects.toMatchObject({ code: 'ERR_ALREADY_EXISTS' })
    await expect(restoreSqliteStore(path, path)).rejects.toMatchObject({ code: 'ERR_ALREADY_EXISTS' })
    expect(readFileSync(to, 'utf8')).toBe('the last backup')
    writeFileSync(`${storePath()}-wal`, '')
    const beside = storePath()
    writeFileSync(`${beside}-wal`, 'the log of another store')
    await expect(backupSqliteStore(path, beside)).rejects.toMatchObject({ code: 'ERR_STORE_DAMAGED' })
  })

  it('leaves nothing behind when it is aborted or the store is damaged', async () => {
    const { path, store } = await filled()
    const to = storePath()
    const reason = new Error('stop')
    await expect(backupSqliteStore(path, to, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    await store.close()
    damage(path, 'record 2')
    await expect(backupSqliteStore(path, to)).rejects.toMatchObject({
      code: 'ERR_STORE_DAMAGED',
      details: { run: 'r', seq: 2 },
    })
    expect(readdirSync(dirname(to))).toEqual([])
  })

  it('refuses what is no store', async () => {
    const text = storePath()
    writeFileSync(text, 'some text that is longer than nothing')
    await expect(backupSqliteStore(text, storePath())).rejects.toMatchObject({ code: 'ERR_STORE_FOREIGN' })
    await expect(backupSqliteStore(storePath(), storePath())).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
  })
})

describe('checkSqliteStore', () => {
  it('finds nothing in a sound store that is in use', async () => {
    const { path } = await filled()
    expect(checkSqliteStore(path)).toEqual([])
  })

  it('names everything that is damaged', async () => {
    const { path, store, hash } = await filled()
    await store.close()
    for (const text of ['the document', 'record 2', 'some content']) damage(path, text)
    const found = checkSqliteStore(path).map(({ details: { path: _, ...record } }) => record)
    expect(found).toEqual([{ key: 'a' }, { run: 'r', seq: 2 }, { hash }])
  })

  it('names the lease that is damaged, which a repair leaves out', async () => {
    const { path, store } = await filled()
    const wanted = await contents(store)
    await store.close()
    change(path, 'UPDATE lease SET expires_at = expires_at + 1')
    expect(checkSqliteStore(path)).toMatchObject([{ details: { lease: 'run/r' } }])
    const damaged = open(path)
    await expect(damaged.acquire('run/r', { owner: 'test', ttlMs: 30_000 })).rejects.toMatchObject({
      code: 'ERR_STORE_DAMAGED',
      details: { lease: 'run/r' },
    })
    const to = storePath()
    await repairSqliteStore(path, to)
    expect(checkSqliteStore(to)).toEqual([])
    const repaired = open(to)
    expect(await contents(repaired)).toEqual(wanted)
    await repaired.acquire('run/r', { owner: 'test', ttlMs: 30_000 })
  })
})

describe('repairSqliteStore', () => {
  it('makes a sound store where only an index is damaged', async () => {
    const { path, store } = await filled()
    const wanted = await contents(store)
    await store.close()
    const database = openRawDatabase(path)
    const root = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_blob_1'").get()
    database.close()
    const content = readFileSync(path)
    content.fill(0xee, (Number(root?.['rootpage']) - 1) * 4096 + 8, Number(root?.['rootpage']) * 4096)
    writeFileSync(path, content)
    expect(() => openSqliteStore(path)).toThrow(expect.objectContaining({ code: 'ERR_STORE_DAMAGED' }))
    await expect(backupSqliteStore(path, storePath())).rejects.toMatchObject({ code: 'ERR_STORE_DAMAGED' })
    const to = storePath()
    expect(await repairSqliteStore(path, to)).toMatchObject({ documents: 1, records: 3, blobs: 1 })
    expect(await contents(open(to))).toEqual(wanted)
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  it.each([
    ['a document', 'DELETE FROM document', { table: 'document' }],
    ['a record', 'DELETE FROM journal WHERE seq = 2', { run: 'r', seq: 2 }],
    ['the last record', 'DELETE FROM journal WHERE seq = 3', { table: 'journal' }],
    ['a whole journal', 'DELETE FROM journal', { table: 'journal' }],
    ['a blob', 'DELETE FROM blob', { table: 'blob' }],
    ['the seal', 'DELETE FROM seal', { record: 'seal' }],
  ])('makes none where %s is lost', async (_, sql, details) => {
    const { path, store } = await filled()
    await store.close()
    change(path, sql)
    const to = storePath()
    await expect(repairSqliteStore(path, to)).rejects.toMatchObject({ code: 'ERR_STORE_DAMAGED', details })
    expect(checkSqliteStore(path)).toMatchObject([{ details }])
    expect(existsSync(to)).toBe(false)
  })
})

function change(path: string, sql: string): void {
  using database = openRawDatabase(path)
  database.exec(sql)
}
