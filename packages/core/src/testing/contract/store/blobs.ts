import assert from 'node:assert/strict'
import { sha256 } from '../../../internal/sha256.ts'
import { assertRejects } from '../assert-rejects.ts'
import type { StoreRule } from '../store-lab.ts'
import { blobOf, chunks } from './stores.ts'

/** Bytes by their hash. */
export const BLOB_RULES: readonly StoreRule[] = [
  {
    id: 'SS-060',
    text: 'putBlob resolves to the SHA-256 of the bytes, however they are cut, and getBlob gives them in any process',
    since: '0.1.0',
    async run(lab) {
      const [store, other] = [await lab.open(), await lab.open()]
      const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 256))
      const whole = await store.putBlob(chunks(bytes))
      const cut = await other.putBlob(chunks(bytes.subarray(0, 1), '', bytes.subarray(1, 700), bytes.subarray(700)))
      assert.deepEqual([whole, cut], [sha256(bytes), sha256(bytes)])
      assert.deepEqual(await blobOf(store, whole), bytes)
      assert.deepEqual(await blobOf(other, whole), bytes)
    },
  },
  {
    id: 'SS-061',
    text: 'blobs of no bytes and of five million bytes come back as they were',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      const empty = await store.putBlob(chunks())
      assert.equal(empty, sha256(''))
      assert.equal((await blobOf(store, empty)).length, 0)
      const parts = Array.from({ length: 50 }, (_, index) => Buffer.alloc(100_000, index))
      const hash = await store.putBlob(chunks(...parts))
      assert.equal(sha256(await blobOf(store, hash)), sha256(Buffer.concat(parts)))
    },
  },
  {
    id: 'SS-062',
    text: 'a blob that does not exist is ERR_NOT_FOUND',
    since: '0.1.0',
    async run(lab) {
      await assertRejects(blobOf(await lab.open(), sha256('never stored')), 'ERR_NOT_FOUND')
    },
  },
  {
    id: 'SS-063',
    text: 'a blob whose bytes are not what its hash says is ERR_STORE_DAMAGED',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      const hash = await store.putBlob(chunks('some bytes'))
      await lab.damageBlob(hash)
      await assertRejects(blobOf(store, hash), 'ERR_STORE_DAMAGED')
      await assertRejects(blobOf(await lab.open(), hash), 'ERR_STORE_DAMAGED')
    },
  },
  {
    id: 'SS-064',
    text: 'a blob whose source breaks is not stored, and putBlob rejects with what the source threw',
    since: '0.1.0',
    async run(lab) {
      const store = await lab.open()
      const broken = new Error('the source broke')
      async function* source(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('half')
        throw broken
      }
      await assert.rejects(store.putBlob(source()), (error) => error === broken)
      await assertRejects(blobOf(store, sha256('half')), 'ERR_NOT_FOUND')
      assert.equal(await store.putBlob(chunks('half', ' and half')), sha256('half and half'))
    },
  },
]
