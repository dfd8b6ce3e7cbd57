import assert from 'node:assert/strict'
import type { JournalRecord } from '../../../ports/index.ts'
import { assertRejects } from '../assert-rejects.ts'
import type { StoreRule } from '../store-lab.ts'
import { acquire, documentOf, journalOf, record, writeRecords } from './stores.ts'

/** The journal: one writer, no gaps, no silent damage. */
export const JOURNAL_RULES: readonly StoreRule[] = [
  {
    id: 'SS-030',
    text: 'the first record of a run needs no lease; every other one does: ERR_LEASE_LOST, and nothing is written',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      await store.commit({ append: [record('r', 1)] })
      const put = [{ key: 'a', revision: 0, value: 1 }]
      await assertRejects(store.commit({ put, append: [record('r', 2)] }), 'ERR_LEASE_LOST')
      assert.equal(await documentOf(store, 'a'), undefined)
      assert.equal((await journalOf(store, 'r')).length, 1)
    },
  },
  {
    id: 'SS-031',
    text: 'a record that is not the next of its run is ERR_CONFLICT, and nothing is written',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      await store.commit({ append: [record('r', 1)] })
      await assertRejects(store.commit({ append: [record('r', 1)] }), 'ERR_CONFLICT')
      await using lease = await acquire(store, 'run/r')
      await assertRejects(store.commit({ lease, append: [record('r', 3)] }), 'ERR_CONFLICT')
      await assertRejects(store.commit({ lease, append: [record('new', 2)] }), 'ERR_CONFLICT')
      await assertRejects(store.commit({ lease, append: [record('r', 2), record('r', 4)] }), 'ERR_CONFLICT')
      assert.deepEqual(
        (await journalOf(store, 'r')).map(({ seq }) => seq),
        [1],
      )
    },
  },
  {
    id: 'SS-032',
    text: 'journal gives the records of one run from a seq on, in order, as they were written; an unknown run has none',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      const before = await store.now()
      await writeRecords(store, 'other', 2)
      await using lease = await acquire(store, 'run/r')
      await store.commit({ lease, append: [1, 2, 3].map((seq) => record('r', seq)) })
      await store.commit({ lease, append: [4, 5].map((seq) => record('r', seq, { text: `漢字 ${seq}`, none: null })) })
      const records = await journalOf(store, 'r')
      assert.deepEqual(
        records.map(({ seq, type }) => ({ seq, type })),
        [1, 2, 3, 4, 5].map((seq) => ({ seq, type: 'noted' })),
      )
      assert.deepEqual(records[1]?.data, { seq: 2 })
      assert.deepEqual(records[4]?.data, { text: '漢字 5', none: null })
      const after = await store.now()
      const times = [before, ...records.map(({ time }) => time), after]
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      )
      assert.deepEqual(await journalOf(store, 'r', 4), records.slice(3))
      assert.deepEqual(await journalOf(store, 'r', 6), [])
      assert.deepEqual(await journalOf(store, 'unknown'), [])
    },
  },
  {
    id: 'SS-033',
    text: 'each record has a SHA-256 checksum that depends on its predecessor, and keeps it',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      await using lease = await acquire(store, 'run/r')
      await store.commit({ lease, append: [1, 2, 3, 4].map((seq) => record('r', seq, 'same')) })
      const records = await journalOf(store, 'r')
      for (const { checksum } of records) assert.match(checksum, /^[0-9a-f]{64}$/)
      assert.equal(new Set(records.map(({ checksum }) => checksum)).size, 4)
      assert.deepEqual(await journalOf(await lab.open(), 'r'), records)
    },
  },
  {
    id: 'SS-034',
    text: 'a record that was damaged is ERR_STORE_DAMAGED when it is reached, and is never given',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      await writeRecords(store, 'r', 4)
      await lab.damageRecord('r', 3)
      for (const reader of [store, await lab.open()]) {
        const seen: JournalRecord[] = []
        const read = async (): Promise<void> => {
          for await (const each of reader.journal('r', 1)) seen.push(each)
        }
        await assertRejects(read(), 'ERR_STORE_DAMAGED')
        assert.ok(
          seen.every(({ seq }) => seq < 3),
          'a damaged record was given',
        )
        await assertRejects(journalOf(reader, 'r', 3), 'ERR_STORE_DAMAGED')
      }
    },
  },
  {
    id: 'SS-035',
    text: 'one commit may begin and continue several runs',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      await using lease = await acquire(store, 'run/a')
      await store.commit({ lease, append: [record('a', 1), record('b', 1), record('a', 2)] })
      assert.deepEqual([(await journalOf(store, 'a')).length, (await journalOf(store, 'b')).length], [2, 1])
    },
  },
  {
    id: 'SS-036',
    text: 'forget removes whole journals in the transaction of its commit; without a lease it is ERR_LEASE_LOST, and nothing is removed',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      await writeRecords(store, 'r', 3)
      await writeRecords(store, 's', 2)
      const put = [{ key: 'archive/r', revision: 0, value: 'kept' }]
      await assertRejects(store.commit({ put, forget: ['r'] }), 'ERR_LEASE_LOST')
      await using lease = await acquire(store, 'run/r')
      await assertRejects(
        store.commit({ lease, put: put.map((each) => ({ ...each, revision: 7 })), forget: ['r'] }),
        'ERR_CONFLICT',
      )
      assert.equal((await journalOf(store, 'r')).length, 3)
      await store.commit({ lease, put, forget: ['r', 'none'] })
      for (const reader of [store, await lab.open()]) {
        assert.deepEqual(await journalOf(reader, 'r'), [])
        assert.equal((await journalOf(reader, 's')).length, 2)
        assert.equal((await reader.get(['archive/r']))[0]?.value, 'kept')
      }
    },
  },
]
