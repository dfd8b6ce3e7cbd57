import type { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openRawDatabase } from '../../support/raw-database.ts'
import { get, open, startChild, storePath } from './support.ts'

function lockFile(path: string): DatabaseSync {
  const database = openRawDatabase(path)
  onTestFinished(() => {
    if (database.isOpen) database.close()
  })
  database.exec('BEGIN IMMEDIATE')
  return database
}

describe('a locked file', () => {
  it('is waited for, without holding up the event loop', async () => {
    const path = storePath()
    const store = open(path)
    const other = lockFile(path)
    let turns = 0
    const turning = setInterval(() => {
      turns += 1
    }, 5)
    onTestFinished(() => clearInterval(turning))
    const committed = store.commit({ put: [{ key: 'a', revision: 0, value: 1 }] })
    await expect.poll(() => turns, { interval: 10 }).toBeGreaterThan(10)
    expect(await get(store, 'a')).toBeUndefined()
    other.exec('COMMIT')
    await committed
    expect((await get(store, 'a'))?.value).toBe(1)
  })

  it('ends in ERR_STORE_BUSY, naming the process that has it', async () => {
    const path = storePath()
    const store = open(path, { busyTimeoutMs: 100 })
    lockFile(path)
    await expect(store.commit({ put: [{ key: 'a', revision: 0, value: 1 }] })).rejects.toMatchObject({
      code: 'ERR_STORE_BUSY',
      retryable: true,
      details: { pid: process.pid, stopped: false },
    })
  })

  it('ends in ERR_STORE_BUSY that says so when that process is stopped', async () => {
    const path = storePath()
    const store = open(path, { busyTimeoutMs: 400 })
    const child = startChild('lock-and-stop', path)
    expect(await child.line()).toBe('locked')
    await expect(store.commit({ put: [{ key: 'a', revision: 0, value: 1 }] })).rejects.toMatchObject({
      code: 'ERR_STORE_BUSY',
      details: { pid: child.pid, stopped: true },
    })
    child.signal('SIGKILL')
    await child.ended()
    await store.commit({ put: [{ key: 'a', revision: 0, value: 2 }] })
    expect((await get(store, 'a'))?.value).toBe(2)
  })

  it('is not waited for after an abort, and nothing is written later', async () => {
    const path = storePath()
    const store = open(path)
    const other = lockFile(path)
    const stop = new AbortController()
    const aborted = store.commit({ put: [{ key: 'a', revision: 0, value: 1 }] }, { signal: stop.signal })
    const kept = store.commit({ put: [{ key: 'b', revision: 0, value: 1 }] })
    stop.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    other.exec('COMMIT')
    await kept
    expect(await get(store, 'a')).toBeUndefined()
    expect(await get(store, 'b')).toBeDefined()
  })

  it('is not touched by a call that was aborted before', async () => {
    const store = open()
    const call = { signal: AbortSignal.abort(new Error('too late')) }
    const calls = [
      store.get(['a'], call),
      store.commit({ put: [{ key: 'a', revision: 0, value: 1 }] }, call),
      store.acquire('k', { owner: 'o', ttlMs: 100, ...call }),
      store.holder('k', call),
      store.now(call),
      store.putBlob((async function* () {})(), call),
      Array.fromAsync(store.list('', call)),
      Array.fromAsync(store.journal('r', 1, call)),
      Array.fromAsync(store.getBlob('f'.repeat(64), call)),
    ]
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { message: 'too late' } })
    }
    expect(await get(store, 'a')).toBeUndefined()
    expect(await store.holder('k')).toBeUndefined()
  })
})
