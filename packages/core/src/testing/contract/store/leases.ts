import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { assertRejectsWithReason } from '../assert-calls.ts'
import { assertRejects } from '../assert-rejects.ts'
import { eventually, promptly } from '../promptly.ts'
import type { StoreRule } from '../store-lab.ts'
import { acquire, documentOf, journalOf, record, TTL_MS } from './stores.ts'

/** Who may move a run now. */
export const LEASE_RULES: readonly StoreRule[] = [
  {
    id: 'SS-040',
    text: 'a lease is exclusive, also within a process: ERR_LOCKED with its holder in the details; other keys are free',
    since: '0.1.0',
    async run(lab) {
      const [store, other] = [await lab.open(), await lab.open()]
      await using lease = await acquire(store, 'run/r', 'the holder')
      assert.equal(lease.key, 'run/r')
      assert.equal(lease.isHeld(), true)
      assert.equal(lease.lost.aborted, false)
      for (const each of [store, other]) {
        const { details } = await assertRejects(acquire(each, 'run/r'), 'ERR_LOCKED')
        assert.match(JSON.stringify(details), /"the holder"/)
      }
      await using free = await acquire(other, 'run/s')
      assert.equal(free.isHeld(), true)
    },
  },
  {
    id: 'SS-041',
    text: 'a lease that is given back is free at once, does not count as lost, and the next one has a higher token',
    since: '0.1.0',
    async run(lab) {
      const [store, other] = [await lab.open(), await lab.open()]
      const lease = await acquire(store, 'run/r')
      await lease[Symbol.asyncDispose]()
      await lease[Symbol.asyncDispose]()
      assert.equal(lease.isHeld(), false)
      assert.equal(lease.lost.aborted, false)
      assert.equal(await store.holder('run/r'), undefined)
      await using next = await acquire(other, 'run/r')
      assert.ok(next.token > lease.token, `token ${next.token} after ${lease.token}`)
    },
  },
  {
    id: 'SS-042',
    text: 'acquire waits for another holder as long as told, and gets the lease when it is given back',
    since: '0.1.0',
    async run(lab) {
      const [store, other] = [await lab.open(), await lab.open()]
      const lease = await acquire(store, 'run/r')
      await assertRejects(other.acquire('run/r', { owner: 'contract 2', ttlMs: TTL_MS, waitMs: 50 }), 'ERR_LOCKED')
      const waiting = other.acquire('run/r', { owner: 'contract 2', ttlMs: TTL_MS, waitMs: 60_000 })
      waiting.catch(() => {})
      // Refused after the one that waits: that one has seen the holder too.
      await assertRejects(acquire(other, 'run/r'), 'ERR_LOCKED')
      await lease[Symbol.asyncDispose]()
      await using next = await promptly(lab, waiting)
      assert.equal(next.isHeld(), true)
    },
  },
  {
    id: 'SS-043',
    text: 'holder names the owner and the times of a lease; undefined when nobody has it',
    since: '0.1.0',
    async run(lab) {
      const [store, other] = [await lab.open(), await lab.open()]
      assert.equal(await store.holder('run/r'), undefined)
      const before = await store.now()
      await using lease = await acquire(store, 'run/r', 'the holder')
      const holder = await other.holder(lease.key)
      assert.ok(holder)
      assert.equal(holder.owner, 'the holder')
      assert.ok(before <= holder.since && holder.since <= holder.renewedAt && holder.renewedAt < holder.expiresAt)
      assert.ok(holder.expiresAt <= (await store.now()) + TTL_MS)
    },
  },
  {
    id: 'SS-044',
    text: 'a lease renews itself: nobody gets it while its holder lives, however long that is',
    since: '0.1.0',
    async run(lab) {
      const [store, other] = [await lab.open(), await lab.open()]
      await using lease = await acquire(store, 'run/r')
      const first = await other.holder('run/r')
      const waiting = other.acquire('run/r', { owner: 'contract 2', ttlMs: TTL_MS, waitMs: 2 * TTL_MS })
      await assertRejects(waiting, 'ERR_LOCKED')
      const later = await other.holder('run/r')
      assert.equal(lease.isHeld(), true)
      assert.ok(first && later && later.renewedAt > first.renewedAt && later.since === first.since)
      await store.commit({ lease, append: [record('r', 1), record('r', 2)] })
    },
  },
  {
    id: 'SS-045',
    text: 'a lease that expired can be taken over; its holder is told: isHeld is false and lost aborts',
    since: '0.1.0',
    async run(lab) {
      const [store, other] = [await lab.open(), await lab.open()]
      const stale = await acquire(store, 'run/r')
      await lab.expireLease('run/r')
      assert.equal(stale.isHeld(), false)
      assert.equal(await other.holder('run/r'), undefined)
      await using lease = await other.acquire('run/r', { owner: 'contract 2', ttlMs: TTL_MS, waitMs: 5 * TTL_MS })
      assert.ok(lease.token > stale.token, `token ${lease.token} after ${stale.token}`)
      assert.equal(lease.isHeld(), true)
      await eventually(
        lab,
        async () => stale.lost.aborted,
        (aborted) => aborted,
      )
      assert.equal(stale.isHeld(), false)
    },
  },
  {
    id: 'SS-046',
    text: 'a commit by a lease that was taken over is ERR_LEASE_LOST, and nothing of it is written',
    since: '0.1.0',
    async run(lab) {
      const [store, other] = [await lab.open(), await lab.open()]
      await store.commit({ append: [record('r', 1)] })
      const stale = await acquire(store, 'run/r')
      await lab.expireLease('run/r')
      await using lease = await other.acquire('run/r', { owner: 'contract 2', ttlMs: TTL_MS, waitMs: 5 * TTL_MS })
      const put = [{ key: 'a', revision: 0, value: 1 }]
      await assertRejects(store.commit({ lease: stale, put, append: [record('r', 2)] }), 'ERR_LEASE_LOST')
      await assertRejects(store.commit({ lease: stale, put }), 'ERR_LEASE_LOST')
      assert.equal(await documentOf(other, 'a'), undefined)
      assert.equal((await journalOf(other, 'r')).length, 1)
      await other.commit({ lease, put, append: [record('r', 2)] })
    },
  },
  {
    id: 'SS-047',
    text: 'a commit by a lease that expired or was given back is ERR_LEASE_LOST, also while nobody else has it',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      const expired = await acquire(store, 'run/r')
      const returned = await acquire(store, 'run/s')
      await returned[Symbol.asyncDispose]()
      await lab.expireLease('run/r')
      for (const lease of [expired, returned]) {
        const put = [{ key: 'a', revision: 0, value: 1 }]
        await assertRejects(store.commit({ lease, put, append: [record('r', 1)] }), 'ERR_LEASE_LOST')
      }
      assert.equal(await documentOf(store, 'a'), undefined)
      assert.deepEqual(await journalOf(store, 'r'), [])
    },
  },
  {
    id: 'SS-048',
    text: 'an abort while acquire waits rejects at once with its reason, and takes nothing',
    since: '0.1.0',
    async run(lab) {
      const [store, other] = [await lab.open(), await lab.open()]
      const lease = await acquire(store, 'run/r')
      const stop = new AbortController()
      const reason = new Error('stop acquire')
      const options = { owner: 'contract 2', ttlMs: TTL_MS, waitMs: 60_000, signal: stop.signal }
      const waiting = other.acquire('run/r', options)
      waiting.catch(() => {})
      await assertRejects(acquire(other, 'run/r'), 'ERR_LOCKED')
      stop.abort(reason)
      await assertRejectsWithReason(lab, waiting, reason)
      await lease[Symbol.asyncDispose]()
      // Time in which one that waits on would take it.
      await delay(100)
      assert.equal(await store.holder('run/r'), undefined)
    },
  },
  {
    id: 'SS-049',
    text: 'of twenty that acquire at the same time, one gets the lease',
    since: '0.1.0',
    async run(lab) {
      const stores = [await lab.open(), await lab.open()]
      const tries = Array.from({ length: 20 }, (_, index) =>
        acquire(stores[index % 2] ?? assert.fail(), 'run/r', `contract ${index}`),
      )
      const settled = await Promise.allSettled(tries)
      const refused = settled.filter((outcome) => outcome.status === 'rejected')
      assert.equal(refused.length, 19)
      for (const { reason } of refused) await assertRejects(Promise.reject(reason), 'ERR_LOCKED')
    },
  },
]
