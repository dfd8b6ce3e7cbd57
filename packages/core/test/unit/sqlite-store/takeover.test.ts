import { describe, expect, it } from 'vitest'
import type { StateStore } from '../../../src/ports/index.ts'
import { processIdentity } from '../../../src/sqlite-store/process-identity.ts'
import { type Child, open, startChild, storePath } from './support.ts'

const TTL_MS = 300
const NEW_OWNER = { owner: 'successor', ttlMs: 10_000 }

interface Blocked {
  readonly path: string
  readonly store: StateStore
  readonly child: Child
}

/** A child that holds the lease and has the file locked. */
async function blocked(how: 'stop' | 'go on', ttlMs = TTL_MS): Promise<Blocked> {
  const path = storePath()
  const store = open(path, { busyTimeoutMs: 100 })
  const child = startChild('hold-and-stop', path, String(ttlMs), how)
  expect(await child.line()).toBe('locked')
  return { path, store, child }
}

async function untilExpired(store: StateStore): Promise<void> {
  await expect.poll(async () => await store.holder('run/1'), { interval: 10 }).toBeUndefined()
}

function isAlive({ pid }: Child): boolean {
  const found = processIdentity(pid)
  return found !== undefined && !found.ended
}

describe('the lease of a process that is stopped in the middle of a write', () => {
  it('cannot be taken: ERR_STORE_BUSY names the process', async () => {
    const { store, child } = await blocked('stop')
    await untilExpired(store)
    await expect(store.acquire('run/1', NEW_OWNER)).rejects.toMatchObject({
      code: 'ERR_STORE_BUSY',
      details: { pid: child.pid, stopped: true },
    })
    expect(isAlive(child)).toBe(true)
  })

  it("is taken with takeover: 'kill', which ends that process", async () => {
    const { store, child } = await blocked('stop')
    await untilExpired(store)
    const lease = await store.acquire('run/1', { ...NEW_OWNER, takeover: 'kill' })
    expect(lease.isHeld()).toBe(true)
    await child.ended()
    expect(child.process.signalCode).toBe('SIGKILL')
    await store.commit({ lease, append: [{ run: 'run/1', seq: 1, type: 'note', data: null }] })
  })

  it('is not taken before it has expired, and nobody is ended', async () => {
    const { store, child } = await blocked('stop', 60_000)
    await expect(store.acquire('run/1', { ...NEW_OWNER, takeover: 'kill' })).rejects.toMatchObject({
      code: 'ERR_STORE_BUSY',
    })
    expect(isAlive(child)).toBe(true)
  })

  it('does not cost the life of another process that has the file locked', async () => {
    const path = storePath()
    const store = open(path, { busyTimeoutMs: 100 })
    const lease = await store.acquire('run/1', { owner: 'predecessor', ttlMs: TTL_MS })
    const child = startChild('lock-and-stop', path)
    expect(await child.line()).toBe('locked')
    await expect.poll(() => lease.lost.aborted, { interval: 10 }).toBe(true)
    const successor = open(path, { busyTimeoutMs: 100 })
    await expect(successor.acquire('run/1', { ...NEW_OWNER, takeover: 'kill' })).rejects.toMatchObject({
      code: 'ERR_STORE_BUSY',
      details: { pid: child.pid, stopped: true },
    })
    expect(isAlive(child)).toBe(true)
  })

  it('does not cost the life of a holder that is at work', async () => {
    const { store, child } = await blocked('go on')
    await untilExpired(store)
    await expect(store.acquire('run/1', { ...NEW_OWNER, takeover: 'kill' })).rejects.toMatchObject({
      code: 'ERR_STORE_BUSY',
      details: { pid: child.pid, stopped: false },
    })
    expect(isAlive(child)).toBe(true)
  })

  it('is refused another wish', async () => {
    const store = open()
    const takeover = 'ask' as unknown as 'kill'
    await expect(store.acquire('run/1', { ...NEW_OWNER, takeover })).rejects.toThrow(TypeError)
  })
})
