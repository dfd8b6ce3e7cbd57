import assert from 'node:assert/strict'
import { isVmunitError } from '../../../errors/index.ts'
import { assertRejects } from '../assert-rejects.ts'
import type { StoreRule } from '../store-lab.ts'
import { acquire, documentOf, journalOf, keysOf, record } from './stores.ts'

/** What one commit is: all of it or nothing, for everybody at once. */
export const COMMIT_RULES: readonly StoreRule[] = [
  {
    id: 'SS-013',
    text: 'a conflict of one document leaves every document and the journal of that commit unwritten',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      await store.commit({ put: [{ key: 'b', revision: 0, value: 'old' }], append: [record('r', 1)] })
      await using lease = await acquire(store, 'run/r')
      const put = ['a', 'b', 'c'].map((key) => ({ key, revision: 0, value: 'new' }))
      await assertRejects(store.commit({ lease, put, append: [record('r', 2)] }), 'ERR_CONFLICT')
      assert.deepEqual(await keysOf(store, ''), ['b'])
      assert.equal((await documentOf(store, 'b'))?.value, 'old')
      assert.equal((await journalOf(store, 'r')).length, 1)
    },
  },
  {
    id: 'SS-014',
    text: 'a conflict of a journal record leaves every document of that commit unwritten',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      await store.commit({ append: [record('r', 1)] })
      await using lease = await acquire(store, 'run/r')
      const put = [{ key: 'a', revision: 0, value: 'new' }]
      for (const append of [[record('r', 1)], [record('r', 3)], [record('r', 2), record('r', 2)]]) {
        await assertRejects(store.commit({ lease, put, append }), 'ERR_CONFLICT')
      }
      assert.equal(await documentOf(store, 'a'), undefined)
      assert.equal((await journalOf(store, 'r')).length, 1)
    },
  },
  {
    id: 'SS-019',
    text: 'what was committed is seen at once by another process, and is there when all have closed the store',
    since: '0.1.0',
    async run(lab) {
      const [first, second] = [await lab.open(), await lab.open()]
      await first.commit({ put: [{ key: 'a', revision: 0, value: 1 }], append: [record('r', 1)] })
      assert.equal((await documentOf(second, 'a'))?.value, 1)
      await second.commit({ put: [{ key: 'a', revision: 1, value: 2 }] })
      assert.equal((await documentOf(first, 'a'))?.value, 2)
      await first.close()
      await second.close()
      const third = await lab.open()
      assert.deepEqual(await documentOf(third, 'a'), { key: 'a', revision: 2, value: 2 })
      assert.equal((await journalOf(third, 'r')).length, 1)
    },
  },
  {
    id: 'SS-020',
    text: 'of two hundred commits at the same time each is written wholly or not at all, and none is lost',
    since: '0.1.0',
    async run(lab) {
      const stores = [await lab.open(), await lab.open()]
      const total = 200
      const written = await Promise.all(
        Array.from({ length: total }, async (_, index) => {
          const store = stores[index % 2] ?? assert.fail()
          const key = `pair/${index % 50}`
          const put = ['left', 'right'].map((side) => ({ key: `${key}/${side}`, revision: 0, value: index }))
          const done = await store.commit({ put, append: [record(`run-${index}`, 1, index)] }).then(
            () => true,
            (error: unknown) => {
              if (!isVmunitError(error, 'ERR_CONFLICT')) throw error
              return false
            },
          )
          const records = await journalOf(store, `run-${index}`)
          assert.deepEqual(
            records.map(({ data }) => data),
            done ? [index] : [],
          )
          return done ? index : undefined
        }),
      )
      const winners = new Set(written.filter((index) => index !== undefined))
      assert.equal(winners.size, 50)
      const documents = await Array.fromAsync((stores[0] ?? assert.fail()).list('pair/'))
      assert.equal(documents.length, 100)
      const values = Map.groupBy(documents, ({ key }) => key.slice(0, key.lastIndexOf('/')))
      for (const [key, pair] of values) {
        assert.equal(new Set(pair.map(({ value }) => value)).size, 1, `${key} is half of two commits`)
        assert.ok(
          pair.every(({ value }) => winners.has(value as number)),
          `${key} was written by a commit that rejected`,
        )
      }
    },
  },
]
