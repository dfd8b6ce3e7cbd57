import { describe, expect, it } from 'vitest'
import { changeLease, open, startChild, storePath } from './support.ts'

const OWNER = { owner: 'test', ttlMs: 30_000 }

function blockThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

describe('leases', () => {
  it('are held by one at a time, and tokens rise with every acquisition', async () => {
    const path = storePath()
    const [one, two] = [open(path), open(path)]
    const first = await one.acquire('run/1', OWNER)
    expect(first).toMatchObject({ key: 'run/1', token: 1 })
    expect(first.isHeld()).toBe(true)
    const holder = await two.holder('run/1')
    expect(holder).toMatchObject({ owner: 'test', expiresAt: (holder?.renewedAt ?? 0) + 30_000 })
    for (const store of [one, two]) {
      await expect(store.acquire('run/1', { ...OWNER, owner: 'late' })).rejects.toMatchObject({
        code: 'ERR_LOCKED',
        details: { owner: 'test', since: holder?.since, expiresAt: holder?.expiresAt },
      })
    }
    expect((await two.acquire('run/2', OWNER)).token).toBe(2)
    await first[Symbol.asyncDispose]()
    await first[Symbol.asyncDispose]()
    expect(first.isHeld()).toBe(false)
    expect(first.lost.aborted).toBe(false)
    expect(await two.holder('run/1')).toBeUndefined()
    const second = await two.acquire('run/1', OWNER)
    expect(second.token).toBe(3)
    // Disposing the old one again must not end the new one.
    await first[Symbol.asyncDispose]()
    expect((await one.holder('run/1'))?.owner).toBe('test')
  })

  it('are waited for, and the wait can be aborted', async () => {
    const store = open()
    const first = await store.acquire('k', OWNER)
    const waiting = store.acquire('k', { ...OWNER, waitMs: 10_000 })
    const stop = new AbortController()
    const aborted = store.acquire('k', { ...OWNER, waitMs: 10_000, signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    await expect(store.acquire('k', { ...OWNER, waitMs: 50 })).rejects.toMatchObject({ code: 'ERR_LOCKED' })
    await first[Symbol.asyncDispose]()
    expect((await waiting).token).toBe(2)
  })

  it('a wait ends when the store is closed', async () => {
    const store = open()
    await store.acquire('k', OWNER)
    const waiting = store.acquire('k', { ...OWNER, waitMs: 10_000 })
    const rejected = expect(waiting).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    await store.close()
    await rejected
  })

  it('are renewed while the event loop is busy, for less than one lease', async () => {
    const path = storePath()
    const store = open(path)
    const lease = await store.acquire('k', { owner: 'test', ttlMs: 2_400 })
    const first = await store.holder('k')
    await expect.poll(async () => (await store.holder('k'))?.renewedAt).toBeGreaterThan(first?.renewedAt ?? 0)
    const before = Date.now()
    blockThread(1_800)
    expect(lease.isHeld()).toBe(true)
    expect((await store.holder('k'))?.renewedAt).toBeGreaterThan(before)
    await store.commit({ lease, append: [{ run: 'r', seq: 1, type: 't', data: null }] })
  })

  it('are lost when the event loop hangs for longer', async () => {
    const path = storePath()
    const store = open(path)
    const lease = await store.acquire('k', { owner: 'test', ttlMs: 900 })
    const first = await store.holder('k')
    // The worker is at work: what ends the lease is the hanging, not a worker that never began.
    await expect.poll(async () => (await store.holder('k'))?.renewedAt).toBeGreaterThan(first?.renewedAt ?? 0)
    blockThread(2_700)
    expect(lease.isHeld()).toBe(false)
    await expect(store.commit({ lease })).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    await expect.poll(() => lease.lost.aborted).toBe(true)
    expect(lease.lost.reason).toMatchObject({ code: 'ERR_LEASE_LOST', details: { key: 'k', token: 1 } })
    expect(lease.isHeld()).toBe(false)
  })

  it('are lost when another one has taken them over', async () => {
    const path = storePath()
    const store = open(path)
    const lease = await store.acquire('k', { owner: 'test', ttlMs: 150 })
    changeLease(path, { token: 7, expires_at: Date.now() + 60_000 })
    await expect.poll(() => lease.lost.aborted).toBe(true)
    expect(lease.lost.reason).toMatchObject({ code: 'ERR_LEASE_LOST' })
    expect(lease.isHeld()).toBe(false)
    await lease[Symbol.asyncDispose]()
    expect((await store.holder('k'))?.owner).toBe('test')
  })

  it('are not held from a sixth of their time before expiry, by the wall clock', async () => {
    let ahead = 0
    const store = open(undefined, { clock: { now: () => Date.now() + ahead } })
    const lease = await store.acquire('k', { owner: 'test', ttlMs: 60_000 })
    ahead = 48_000
    expect(lease.isHeld()).toBe(true)
    ahead = 51_000
    expect(lease.isHeld()).toBe(false)
    ahead = 61_000
    await expect(store.commit({ lease })).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
  })

  it('of a stopped process go to another after expiry and a margin; it can commit nothing when it wakes', async () => {
    const path = storePath()
    const store = open(path)
    const child = startChild('hold-lease', path, '600')
    expect(await child.line()).toBe('held 1')
    child.say('commit')
    expect(await child.line()).toBe('true committed')
    // Right after a renewal, when it has given the file free again: a process stopped inside one would keep the lock.
    const before = await store.holder('run/1')
    await expect.poll(async () => (await store.holder('run/1'))?.renewedAt).toBeGreaterThan(before?.renewedAt ?? 0)
    await store.commit({ put: [{ key: 'free', revision: 0, value: true }] })
    child.signal('SIGSTOP')
    const stopped = await store.holder('run/1')
    const lease = await store.acquire('run/1', { ...OWNER, waitMs: 5000 })
    expect(lease.token).toBe(2)
    const { since } = (await store.holder('run/1')) ?? { since: 0 }
    expect(since).toBeGreaterThanOrEqual(stopped?.expiresAt ?? Number.POSITIVE_INFINITY)
    // The margin was waited for after the row was taken.
    expect(Date.now() - since).toBeGreaterThanOrEqual(99)
    await store.commit({ lease, append: [{ run: 'run/1', seq: 2, type: 'ours', data: null }] })
    child.signal('SIGCONT')
    child.say('commit')
    expect(await child.line()).toBe('false ERR_LEASE_LOST')
    expect((await Array.fromAsync(store.journal('run/1', 1))).map(({ type }) => type)).toEqual(['note', 'ours'])
  })

  it('of a dead process are free at once', async () => {
    const path = storePath()
    const store = open(path)
    const child = startChild('hold-lease', path, '60000')
    expect(await child.line()).toBe('held 1')
    await expect(store.acquire('run/1', OWNER)).rejects.toMatchObject({
      code: 'ERR_LOCKED',
      details: { owner: `child ${child.pid}` },
    })
    child.signal('SIGKILL')
    await child.ended()
    expect(await store.holder('run/1')).toBeUndefined()
    expect((await store.acquire('run/1', OWNER)).token).toBe(2)
  })

  it('of a process that nobody can see from here last until they expire', async () => {
    const path = storePath()
    const store = open(path)
    const child = startChild('hold-lease', path, '60000')
    expect(await child.line()).toBe('held 1')
    changeLease(path, { process_start: 'another-boot/pid:[1]/1' })
    child.signal('SIGKILL')
    await child.ended()
    await expect(store.acquire('run/1', OWNER)).rejects.toMatchObject({ code: 'ERR_LOCKED' })
  })

  it('that were lost may be disposed after the store was closed', async () => {
    const store = open()
    const lease = await store.acquire('k', { owner: 'test', ttlMs: 90 })
    blockThread(200)
    await expect.poll(() => lease.lost.aborted).toBe(true)
    await store.close()
    await lease[Symbol.asyncDispose]()
    expect(lease.isHeld()).toBe(false)
  })

  it('do not keep a process alive', async () => {
    const child = startChild('hold-and-leave', storePath())
    await child.ended()
    expect(child.process.exitCode).toBe(0)
  })

  it('refuse wrong arguments', async () => {
    const store = open()
    await expect(store.acquire('', OWNER)).rejects.toThrow(TypeError)
    await expect(store.acquire('k', { owner: 'o', ttlMs: 0 })).rejects.toThrow(TypeError)
    await expect(store.acquire('k', { ...OWNER, waitMs: Number.NaN })).rejects.toThrow(TypeError)
  })
})
