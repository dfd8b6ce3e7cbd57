import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSqliteStore } from '../../../src/sqlite-store/index.ts'
import { openRawDatabase } from '../../support/raw-database.ts'
import { get, open, startChild, storePath } from './support.ts'

function refusal(path: string): unknown {
  try {
    open(path)
  } catch (error) {
    return error
  }
  return undefined
}

async function filled(): Promise<string> {
  const path = storePath()
  const store = openSqliteStore(path)
  await store.commit({ put: [{ key: 'a', revision: 0, value: 'kept' }] })
  await store.close()
  return path
}

function change(path: string, sql: string): void {
  const database = openRawDatabase(path)
  database.exec(sql)
  database.close()
}

describe('openSqliteStore', () => {
  it('keeps what was written, and leaves one file when it is closed', async () => {
    const path = await filled()
    expect(readdirSync(dirname(path))).toEqual(['vmunit.db'])
    expect((await get(open(path), 'a'))?.value).toBe('kept')
  })

  it('refuses an empty file, and the log of a file that is gone', async () => {
    const path = storePath()
    writeFileSync(path, '')
    expect(refusal(path)).toMatchObject({ code: 'ERR_STORE_DAMAGED' })
    expect(readFileSync(path).length).toBe(0)
    const orphan = storePath()
    writeFileSync(`${orphan}-wal`, 'what remains')
    expect(refusal(orphan)).toMatchObject({ code: 'ERR_STORE_DAMAGED', details: { header: 'missing' } })
    expect(readdirSync(dirname(orphan))).toEqual(['vmunit.db-wal'])
  })

  it.each([
    ['text', Buffer.from('server list\n')],
    ['two bytes', Buffer.from('x\n')],
    ['noise', randomBytes(8192)],
  ])('refuses a file of %s and leaves it as it is', (_, content) => {
    const path = storePath()
    writeFileSync(path, content)
    expect(refusal(path)).toMatchObject({ code: 'ERR_STORE_FOREIGN' })
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  it.each([
    ['with an id of its own', 'PRAGMA application_id = 77; CREATE TABLE t (x)'],
    ['without an id', 'CREATE TABLE t (x)'],
    ['with our id, but empty of ours', 'PRAGMA application_id = 0x766d756e; CREATE TABLE t (x)'],
  ])('refuses the database of another application %s and leaves it as it is', (name, sql) => {
    const path = storePath()
    change(path, sql)
    const content = readFileSync(path)
    const code = name.startsWith('with our id') ? 'ERR_STORE_DAMAGED' : 'ERR_STORE_FOREIGN'
    expect(refusal(path)).toMatchObject({ code })
    expect(readFileSync(path).equals(content)).toBe(true)
    expect(readdirSync(dirname(path))).toEqual(['vmunit.db'])
  })

  it('refuses a store of a newer version and leaves it as it is', async () => {
    const path = await filled()
    change(path, "UPDATE meta SET value = '99' WHERE name = 'schema'; PRAGMA user_version = 99")
    const content = readFileSync(path)
    expect(refusal(path)).toMatchObject({ code: 'ERR_STORE_TOO_NEW', details: { found: 99, supported: 2 } })
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  it('refuses a store whose pages are damaged', async () => {
    const path = await filled()
    const content = readFileSync(path)
    const pageSize = content.readUInt16BE(16)
    content.fill(0xff, pageSize)
    writeFileSync(path, content)
    expect(refusal(path)).toMatchObject({ code: 'ERR_STORE_DAMAGED' })
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  it('refuses a store that lacks a table', async () => {
    const path = await filled()
    change(path, 'DROP TABLE blob')
    expect(refusal(path)).toMatchObject({ code: 'ERR_STORE_DAMAGED' })
  })

  it('refuses a store that was cut off', async () => {
    const path = await filled()
    writeFileSync(path, readFileSync(path).subarray(0, 4096 + 100))
    expect(refusal(path)).toMatchObject({ code: 'ERR_STORE_DAMAGED' })
  })

  it('says what to check when the file cannot be made', () => {
    const path = join(dirname(storePath()), 'none', 'vmunit.db')
    expect(refusal(path)).toMatchObject({ code: 'ERR_UNAVAILABLE', details: { path } })
    const directory = storePath()
    mkdirSync(directory)
    expect(refusal(directory)).toMatchObject({ code: 'ERR_UNAVAILABLE' })
    expect(() => openSqliteStore(7 as never)).toThrow(TypeError)
  })

  it('is created once by many processes at the same moment', async () => {
    const path = storePath()
    const startAt = String(Date.now() + 700)
    const children = Array.from({ length: 4 }, (_, index) => startChild('open-and-put', path, `key${index}`, startAt))
    expect(await Promise.all(children.map(async (child) => await child.line()))).toEqual(children.map(() => 'done'))
    const keys = (await Array.fromAsync(open(path).list('key'))).map(({ key }) => key)
    expect(keys).toEqual(['key0', 'key1', 'key2', 'key3'])
    expect(readdirSync(dirname(path)).filter((name) => name.endsWith('.new'))).toEqual([])
  })

  it('opens a store in memory, with leases that are renewed', async () => {
    const store = open(':memory:')
    const lease = await store.acquire('run/1', { owner: 'test', ttlMs: 1_500 })
    const first = await store.holder('run/1')
    await expect.poll(async () => (await store.holder('run/1'))?.renewedAt).toBeGreaterThan(first?.renewedAt ?? 0)
    await store.commit({ lease, append: [{ run: 'r', seq: 1, type: 't', data: 1 }] })
    expect(existsSync(':memory:')).toBe(false)
  })

  it('rejects every call after close, which may be repeated', async () => {
    const store = open()
    const lease = await store.acquire('held', { owner: 'test', ttlMs: 30_000 })
    await Promise.all([store.close(), store.close()])
    await store.close()
    expect(lease.isHeld()).toBe(false)
    expect(lease.lost.aborted).toBe(false)
    await lease[Symbol.asyncDispose]()
    const calls = [
      store.get(['a']),
      store.commit({}),
      store.acquire('k', { owner: 'o', ttlMs: 100 }),
      store.holder('k'),
      store.now(),
      store.putBlob((async function* () {})()),
      Array.fromAsync(store.list('')),
      Array.fromAsync(store.journal('r', 1)),
      Array.fromAsync(store.getBlob('f'.repeat(64))),
    ]
    for (const call of await Promise.allSettled(calls)) {
      expect(call).toMatchObject({ status: 'rejected', reason: { code: 'ERR_CLOSED' } })
    }
  })

  it('finishes what is under way when it is closed', async () => {
    const path = storePath()
    const store = openSqliteStore(path)
    const committed = store.commit({ put: [{ key: 'a', revision: 0, value: 1 }] })
    await store.close()
    await committed
    expect((await get(open(path), 'a'))?.value).toBe(1)
  })

  it('gives its leases back when it is closed', async () => {
    const path = storePath()
    const store = openSqliteStore(path)
    await store.acquire('run/1', { owner: 'test', ttlMs: 30_000 })
    await store.close()
    expect(await open(path).holder('run/1')).toBeUndefined()
  })

  it('tells the time of its clock', async () => {
    expect(await open(undefined, { clock: { now: () => 77 } }).now()).toBe(77)
    expect(Math.abs((await open().now()) - Date.now())).toBeLessThan(1000)
  })
})
