import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { StateStore } from '../../../src/ports/index.ts'
import { openRawDatabase } from '../../support/raw-database.ts'
import { damage, open, storePath } from './support.ts'

async function* chunks(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts
}

async function read(store: StateStore, hash: string): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(store.getBlob(hash)))
}

describe('blobs', () => {
  it.each([0, 1, 1024 * 1024, 1024 * 1024 + 1, 2_600_000])('of %i bytes come back as they went in', async (size) => {
    const store = open()
    const bytes = randomBytes(size)
    const hash = await store.putBlob(chunks(bytes.subarray(0, size / 3), bytes.subarray(size / 3)))
    expect(hash).toBe(createHash('sha256').update(bytes).digest('hex'))
    expect((await read(store, hash)).equals(bytes)).toBe(true)
  })

  it('are stored once', async () => {
    const path = storePath()
    const store = open(path)
    const content = Buffer.from('the same content')
    const hashes = await Promise.all([store.putBlob(chunks(content)), store.putBlob(chunks(content))])
    expect(await store.putBlob(chunks(content))).toBe(hashes[0])
    const database = openRawDatabase(path)
    expect(database.prepare('SELECT count(*) AS rows FROM blob').get()?.['rows']).toBe(1)
    database.close()
  })

  it('copy what the source hands out, since it may use its buffer again', async () => {
    const store = open()
    const buffer = Buffer.alloc(3)
    async function* reusing(): AsyncGenerator<Uint8Array> {
      for (const text of ['abc', 'def']) {
        buffer.write(text)
        yield buffer
      }
    }
    expect((await read(store, await store.putBlob(reusing()))).toString()).toBe('abcdef')
  })

  it('that do not exist are not found', async () => {
    await expect(read(open(), 'f'.repeat(64))).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  })

  it('that were damaged are never handed out whole', async () => {
    const path = storePath()
    const before = open(path)
    const hash = await before.putBlob(chunks(Buffer.alloc(1024 * 1024, 'x'), Buffer.from('sentinel-bytes')))
    await before.close()
    damage(path, 'sentinel-bytes')
    let received = 0
    const reading = (async () => {
      for await (const chunk of open(path).getBlob(hash)) received += chunk.length
    })()
    await expect(reading).rejects.toMatchObject({ code: 'ERR_STORE_DAMAGED', details: { hash } })
    expect(received).toBe(1024 * 1024)
  })

  it('whose source fails or hangs leave nothing, and the source is ended', async () => {
    const path = storePath()
    const store = open(path)
    let ended = 0
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('begun')
      throw new Error('source broke')
    }
    await expect(store.putBlob(failing())).rejects.toThrow('source broke')
    const stop = new AbortController()
    const hanging = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<Uint8Array>>(() => {}),
        return: async () => {
          ended += 1
          return { done: true as const, value: undefined }
        },
      }),
    }
    const putting = store.putBlob(hanging, { signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(putting).rejects.toThrow('enough')
    expect(ended).toBe(1)
    const database = openRawDatabase(path)
    expect(database.prepare('SELECT count(*) AS rows FROM blob').get()?.['rows']).toBe(0)
    database.close()
  })
})
