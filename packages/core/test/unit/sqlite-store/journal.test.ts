import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { AppendRecord, Lease, StateStore } from '../../../src/ports/index.ts'
import { openRawDatabase } from '../../support/raw-database.ts'
import { damage, open, storePath } from './support.ts'

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
const record = (run: string, seq: number, data: AppendRecord['data'] = { seq }): AppendRecord => ({
  run,
  seq,
  type: 'note',
  data,
})

async function leaseOf(store: StateStore): Promise<Lease> {
  return await store.acquire('run/r', { owner: 'test', ttlMs: 30_000 })
}

async function fill(store: StateStore, count: number): Promise<void> {
  const append = Array.from({ length: count }, (_, index) => record('r', index + 1))
  await store.commit({ lease: await leaseOf(store), append })
}

describe('journal', () => {
  it('chains each record to its predecessor', async () => {
    const store = open(undefined, { clock: { now: () => 1234.5 } })
    await store.commit({ append: [record('r', 1, { b: 1, a: [undefined, 'x'] })] })
    await store.commit({ lease: await leaseOf(store), append: [{ run: 'r', seq: 2, type: 'note', data: undefined }] })
    const first = hash(`${hash('r')}{"data":{"a":[null,"x"],"b":1},"run":"r","seq":1,"time":1234,"type":"note"}`)
    const second = hash(`${first}{"run":"r","seq":2,"time":1234,"type":"note"}`)
    expect(await Array.fromAsync(store.journal('r', 1))).toEqual([
      { seq: 1, time: 1234, type: 'note', data: { a: [null, 'x'], b: 1 }, checksum: first },
      { seq: 2, time: 1234, type: 'note', data: undefined, checksum: second },
    ])
  })

  it('is read from any record on, over many pages', async () => {
    const store = open()
    await fill(store, 1203)
    const seqs = async (from: number) => (await Array.fromAsync(store.journal('r', from))).map(({ seq }) => seq)
    expect(await seqs(1)).toEqual(Array.from({ length: 1203 }, (_, index) => index + 1))
    expect(await seqs(1202)).toEqual([1202, 1203])
    expect(await seqs(1204)).toEqual([])
    expect(await seqs(5000)).toEqual([])
  })

  it('has no gaps and no second record of the same number', async () => {
    const store = open()
    await fill(store, 2)
    const lease = await store.acquire('other', { owner: 'test', ttlMs: 30_000 })
    for (const seq of [2, 4]) {
      await expect(store.commit({ lease, append: [record('r', seq)] })).rejects.toMatchObject({
        code: 'ERR_CONFLICT',
        details: { run: 'r', expected: seq, found: 3 },
      })
    }
    await expect(store.commit({ lease, append: [record('r', 3), record('r', 5)] })).rejects.toThrow()
    expect(await Array.fromAsync(store.journal('r', 3))).toEqual([])
  })

  it('keeps the order of commits that are not awaited', async () => {
    const store = open()
    const lease = await leaseOf(store)
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => store.commit({ lease, append: [record('r', index + 1)] })),
    )
    expect((await Array.fromAsync(store.journal('r', 1))).length).toBe(50)
  })

  it('begins without a lease, and goes on only with one', async () => {
    const store = open()
    await store.commit({ append: [record('r', 1)] })
    await expect(store.commit({ append: [record('r', 2)] })).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    const lease = await leaseOf(store)
    await lease[Symbol.asyncDispose]()
    await expect(store.commit({ lease, append: [record('r', 2)] })).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    await store.commit({ lease: await leaseOf(store), append: [record('r', 2)] })
  })

  it('names the first record that was damaged, after those before it', async () => {
    const path = storePath()
    const before = open(path)
    const append = ['one', 'two', 'sentinel-data', 'four'].map((data, index) => record('r', index + 1, data))
    await before.commit({ lease: await leaseOf(before), append })
    await before.close()
    damage(path, 'sentinel-data')
    const read: number[] = []
    const reading = (async () => {
      for await (const { seq } of open(path).journal('r', 1)) read.push(seq)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'ERR_STORE_DAMAGED', details: { run: 'r', seq: 3 } })
    expect(read).toEqual([1, 2])
  })

  it.each([
    ['a missing record', 'DELETE FROM journal WHERE seq = 2', 2],
    ['a missing first record', 'DELETE FROM journal WHERE seq = 1', 1],
    ['another time', 'UPDATE journal SET time = time + 1 WHERE seq = 2', 2],
    ['another type', "UPDATE journal SET type = 'x' WHERE seq = 3", 3],
    ['a record of another run', "UPDATE journal SET run = 'q' WHERE seq = 1", 1],
    ['a new checksum that fits only its own record', "UPDATE journal SET checksum = 'x' WHERE seq = 2", 2],
    ['a number that no time can be', 'UPDATE journal SET time = 9223372036854775807 WHERE seq = 2', undefined],
  ])('notices %s', async (_, sql, seq) => {
    const path = storePath()
    const store = open(path)
    await fill(store, 3)
    const database = openRawDatabase(path)
    database.exec(sql)
    database.close()
    const error = await Array.fromAsync(store.journal('r', 1)).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_STORE_DAMAGED', details: seq === undefined ? {} : { run: 'r', seq } })
  })

  it('notices from the middle on that the predecessor is another one', async () => {
    const path = storePath()
    const store = open(path)
    await fill(store, 3)
    const database = openRawDatabase(path)
    database.exec('DELETE FROM journal WHERE seq = 2')
    database.close()
    await expect(Array.fromAsync(store.journal('r', 3))).rejects.toMatchObject({ details: { run: 'r', seq: 3 } })
  })

  it('of 10,000 records: cost of writing and reading', async () => {
    const store = open()
    const lease = await leaseOf(store)
    const count = 10_000
    const data = { step: 'vmgroup_1/web/0/create@web-base:42', output: { id: 'vm-12', address: '192.168.0.1' } }
    let seq = 0
    const before = process.cpuUsage()
    const writers = Array.from({ length: 64 }, async () => {
      while (seq < count) {
        seq += 1
        await store.commit({ lease, append: [record('r', seq, data)] })
      }
    })
    await Promise.all(writers)
    const { user, system } = process.cpuUsage(before)
    const readFrom = performance.now()
    expect((await Array.fromAsync(store.journal('r', 1))).length).toBe(count)
    const readMs = performance.now() - readFrom
    console.info(
      `journal: ${((user + system) / count).toFixed(1)} µs CPU per record written, ${readMs.toFixed(0)} ms to read 10,000`,
    )
    expect((user + system) / count).toBeLessThan(500)
  })
})
