import assert from 'node:assert/strict'
import type { Plain } from '../../../domain/plain.ts'
import type { StateStore } from '../../../ports/index.ts'
import { assertRejects } from '../assert-rejects.ts'
import type { StoreRule } from '../store-lab.ts'
import { chunks, documentOf, keysOf, writeRecords } from './stores.ts'

const VALUES: readonly Plain[] = [
  null,
  false,
  0,
  -1.5e-9,
  9007199254740991,
  '',
  'it\'s "漢字" \u{1f600} \u2028 \\ %_*',
  [],
  {},
  [1, [2, { three: [null] }]],
  { '': 1, 'a b': { c: ['d'] }, __proto_: 2, constructor: 'x' },
]

/** Documents: read, listed, and written by compare-and-set. */
export const DOCUMENT_RULES: readonly StoreRule[] = [
  {
    id: 'SS-010',
    text: 'get gives documents in the order of the keys, and undefined for those that do not exist',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      await store.commit({ put: ['a', 'b'].map((key) => ({ key, revision: 0, value: key })) })
      assert.deepEqual(await store.get(['b', 'none', 'a', 'b']), [
        { key: 'b', revision: 1, value: 'b' },
        undefined,
        { key: 'a', revision: 1, value: 'a' },
        { key: 'b', revision: 1, value: 'b' },
      ])
      assert.deepEqual(await store.get([]), [])
    },
  },
  {
    id: 'SS-011',
    text: 'revision 0 creates a document, and rejects with ERR_CONFLICT when the key exists',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      await store.commit({ put: [{ key: 'a', revision: 0, value: 'first' }] })
      await assertRejects(store.commit({ put: [{ key: 'a', revision: 0, value: 'second' }] }), 'ERR_CONFLICT')
      assert.deepEqual(await documentOf(store, 'a'), { key: 'a', revision: 1, value: 'first' })
    },
  },
  {
    id: 'SS-012',
    text: 'a write needs the revision that was read, and raises it by one; any other is ERR_CONFLICT and changes nothing',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      for (let revision = 0; revision < 3; revision += 1) {
        await store.commit({ put: [{ key: 'a', revision, value: revision }] })
      }
      for (const revision of [0, 1, 2, 4]) {
        await assertRejects(store.commit({ put: [{ key: 'a', revision, value: 'late' }] }), 'ERR_CONFLICT')
      }
      await assertRejects(store.commit({ put: [{ key: 'none', revision: 1, value: 'x' }] }), 'ERR_CONFLICT')
      assert.deepEqual(await documentOf(store, 'a'), { key: 'a', revision: 3, value: 2 })
      assert.equal(await documentOf(store, 'none'), undefined)
    },
  },
  {
    id: 'SS-015',
    text: 'undefined removes a document by its revision; after that the key does not exist and can be created',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      await store.commit({ put: [{ key: 'a', revision: 0, value: 'first' }] })
      await assertRejects(store.commit({ put: [{ key: 'a', revision: 7, value: undefined }] }), 'ERR_CONFLICT')
      await store.commit({ put: [{ key: 'a', revision: 1, value: undefined }] })
      assert.equal(await documentOf(store, 'a'), undefined)
      assert.deepEqual(await keysOf(store, ''), [])
      await store.commit({ put: [{ key: 'a', revision: 0, value: 'second' }] })
      assert.equal((await documentOf(store, 'a'))?.value, 'second')
    },
  },
  {
    id: 'SS-016',
    text: 'list gives every document whose key starts with the prefix, letter for letter, ascending by key',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      const keys = [
        'a/1',
        'a/10',
        'a/2',
        'a',
        'A/1',
        'a0',
        'ab',
        'a%',
        'a%b',
        'a_',
        'a_b',
        'a*',
        'a/',
        'b',
        '漢字/1',
        'a[b]',
      ]
      await store.commit({ put: keys.map((key) => ({ key, revision: 0, value: key })) })
      for (const prefix of ['', 'a', 'a/', 'a%', 'a_', 'a*', 'A', 'a[', '漢', 'none', 'a/10']) {
        const expected = keys.filter((key) => key.startsWith(prefix)).toSorted()
        assert.deepEqual(await keysOf(store, prefix), expected, `prefix ${prefix}`)
      }
    },
  },
  {
    id: 'SS-017',
    text: 'a value comes back as it was written, whatever JSON it is',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      const put = VALUES.map((value, index) => ({ key: `value/${index}`, revision: 0, value }))
      await store.commit({ put: [...put, { key: 'member', revision: 0, value: { kept: 1, left: undefined } }] })
      const stored = await store.get(put.map(({ key }) => key))
      assert.deepEqual(
        stored.map((document) => document?.value),
        VALUES,
      )
      assert.deepEqual((await documentOf(store, 'member'))?.value, { kept: 1 })
    },
  },
  {
    id: 'SS-018',
    text: 'a document of four million characters comes back as it was written',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      const value = Array.from({ length: 40_000 }, (_, index) => `${index}`.padStart(100, '漢'))
      await store.commit({ put: [{ key: 'large', revision: 0, value }] })
      assert.deepEqual((await documentOf(store, 'large'))?.value, value)
    },
  },
  {
    id: 'SS-021',
    text: 'a document that was damaged is ERR_STORE_DAMAGED, when it is read or when the store is opened, and is never given',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      await store.commit({ put: ['a', 'b'].map((key) => ({ key, revision: 0, value: { text: key } })) })
      await lab.damageDocument('b')
      const openings = [async (): Promise<StateStore> => store, async (): Promise<StateStore> => await lab.open()]
      for (const open of openings) {
        await assertRejects(
          open().then((reader) => documentOf(reader, 'b')),
          'ERR_STORE_DAMAGED',
        )
        await assertRejects(
          open().then((reader) => keysOf(reader, '')),
          'ERR_STORE_DAMAGED',
        )
      }
      assert.deepEqual((await documentOf(store, 'a'))?.value, { text: 'a' })
    },
  },
  {
    id: 'SS-022',
    text: 'a store that lost a document, the end of a journal, a whole journal or a blob is ERR_STORE_DAMAGED when it is opened',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      await store.commit({ put: ['a', 'b'].map((key) => ({ key, revision: 0, value: { text: key } })) })
      await writeRecords(store, 'r', 3)
      await writeRecords(store, 's', 1)
      const hash = await store.putBlob(chunks('some bytes'))
      for (const lost of [{ key: 'a' }, { run: 'r', from: 3 }, { run: 's', from: 1 }, { hash }]) {
        const giveBack = await lab.lose(lost)
        await assertRejects(lab.open(), 'ERR_STORE_DAMAGED')
        await giveBack()
        await (await lab.open()).close()
      }
    },
  },
]
