import assert from 'node:assert/strict'
import type { StateStore } from '../../../ports/index.ts'
import { assertAborted, assertClosed, assertNoListeners, type Calls } from '../assert-calls.ts'
import type { StoreRule } from '../store-lab.ts'
import { acquire, chunks, documentOf, journalOf, record, TTL_MS } from './stores.ts'

function storeCalls(store: StateStore, blob: string): Calls {
  const put = [{ key: 'calls', revision: 0, value: 1 }]
  return {
    get: (call) => store.get(['calls'], call),
    list: (call) => Array.fromAsync(store.list('', call)),
    commit: (call) => store.commit({ put, append: [record('calls', 1)] }, call),
    journal: (call) => Array.fromAsync(store.journal('calls', 1, call)),
    acquire: async (call) => {
      await using _lease = await store.acquire('calls', { owner: 'contract', ttlMs: TTL_MS, ...call })
    },
    holder: (call) => store.holder('calls', call),
    putBlob: (call) => store.putBlob(chunks('other bytes'), call),
    getBlob: (call) => Array.fromAsync(store.getBlob(blob, call)),
    now: (call) => store.now(call),
  }
}

/** What a store is, giving up, and the end. */
export const STORE_LIFECYCLE_RULES: readonly StoreRule[] = [
  {
    id: 'SS-001',
    text: 'the store has exactly the facets that are declared: there are none',
    since: '0.1.0',
    async run(_lab, facets) {
      assert.deepEqual(facets, [])
    },
  },
  {
    id: 'SS-070',
    text: 'a signal that is aborted already makes every call reject with its reason, and changes nothing',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      const blob = await store.putBlob(chunks('bytes'))
      await assertAborted(lab, storeCalls(store, blob))
      assert.equal(await documentOf(store, 'calls'), undefined)
      assert.deepEqual(await journalOf(store, 'calls'), [])
      assert.equal(await store.holder('calls'), undefined)
    },
  },
  {
    id: 'SS-071',
    text: 'no call leaves a listener on its signal',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      await assertNoListeners(lab, storeCalls(store, await store.putBlob(chunks('bytes'))))
    },
  },
  {
    id: 'SS-080',
    text: 'closing twice succeeds, every later call rejects with ERR_CLOSED, and other processes go on',
    since: '0.1.0',
    async run(lab) {
      const [store, other] = [await lab.open(), await lab.open()]
      const blob = await store.putBlob(chunks('bytes'))
      await using lease = await acquire(other, 'run/r')
      await store.close()
      await store.close()
      await store[Symbol.asyncDispose]()
      await assertClosed(lab, storeCalls(store, blob))
      assert.equal(lease.isHeld(), true)
      await other.commit({ lease, append: [record('r', 1), record('r', 2)] })
    },
  },
  {
    id: 'SS-081',
    text: 'now is the same clock for every process, in milliseconds since 1970',
    since: '0.1.0',
    async run(lab) {
      const [store, other] = [await lab.open(), await lab.open()]
      const times = [await store.now(), await other.now(), await store.now(), await other.now()]
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      )
      assert.ok(
        times.every((time) => time > Date.UTC(2020, 0) && time < Date.UTC(2120, 0)),
        `${times[0]} is no time`,
      )
    },
  },
]
