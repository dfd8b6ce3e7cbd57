import { describe, expect, it } from 'vitest'
import { damage, get, open, storePath } from './support.ts'

describe('documents', () => {
  it('are compared and set', async () => {
    const store = open()
    await store.commit({ put: [{ key: 'a', revision: 0, value: { n: 1 } }] })
    await store.commit({ put: [{ key: 'a', revision: 1, value: { n: 2 } }] })
    expect(await get(store, 'a')).toEqual({ key: 'a', revision: 2, value: { n: 2 } })
    await expect(store.commit({ put: [{ key: 'a', revision: 1, value: 3 }] })).rejects.toMatchObject({
      code: 'ERR_CONFLICT',
      details: { key: 'a', expected: 1, found: 2 },
    })
  })

  it('come in the order of the keys, undefined for what does not exist', async () => {
    const store = open()
    await store.commit({ put: ['x', 'y'].map((key) => ({ key, revision: 0, value: key })) })
    const found = await store.get(['y', 'none', 'x', 'y'])
    expect(found.map((stored) => stored?.value)).toEqual(['y', undefined, 'x', 'y'])
  })

  it('are removed by undefined, and may be made again; null is a value', async () => {
    const store = open()
    await store.commit({ put: [{ key: 'a', revision: 0, value: null }] })
    expect(await get(store, 'a')).toEqual({ key: 'a', revision: 1, value: null })
    await store.commit({ put: [{ key: 'a', revision: 1, value: undefined }] })
    expect(await get(store, 'a')).toBeUndefined()
    await store.commit({ put: [{ key: 'a', revision: 0, value: 'again' }] })
    expect(await get(store, 'a')).toEqual({ key: 'a', revision: 1, value: 'again' })
  })

  it('change all together or not at all', async () => {
    const store = open()
    await store.commit({ put: [{ key: 'b', revision: 0, value: 1 }] })
    const put = ['a', 'b', 'c'].map((key) => ({ key, revision: 0, value: 2 }))
    const append = [{ run: 'r', seq: 1, type: 't', data: null }]
    await expect(store.commit({ put, append })).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
    expect((await store.get(['a', 'b', 'c'])).map((stored) => stored?.value)).toEqual([undefined, 1, undefined])
    expect(await Array.fromAsync(store.journal('r', 1))).toEqual([])
  })

  it('a refused commit lets those of the same moment through', async () => {
    const store = open()
    const puts = [0, 0, 1, 0].map((revision, index) =>
      store.commit({ put: [{ key: `k${index}`, revision, value: 1 }] }),
    )
    const same = [1, 2].map((value) => store.commit({ put: [{ key: 'same', revision: 0, value }] }))
    const settled = await Promise.allSettled([...puts, ...same])
    expect(settled.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'rejected',
    ])
    expect((await get(store, 'same'))?.value).toBe(1)
    expect(await get(store, 'k2')).toBeUndefined()
    expect(await get(store, 'k3')).toBeDefined()
  })

  it('are stored as they were when commit was called', async () => {
    const store = open()
    const value = { list: ['before'] }
    const committed = store.commit({ put: [{ key: 'a', revision: 0, value }] })
    value.list.push('after')
    await committed
    expect((await get(store, 'a'))?.value).toEqual({ list: ['before'] })
  })

  it('are listed by prefix, ascending, over many pages, while they change', async () => {
    const store = open()
    const keys = Array.from({ length: 1201 }, (_, index) => `unit/a/${String(index).padStart(4, '0')}`)
    const others = ['unit', 'unit/', 'unit/a', 'unit/b', 'unit/a\u{10ffff}', 'unit.']
    const all = [...keys, ...others, 'unit/a/\u{10ffff}', 'unit/a/\0', 'unit/a/é']
    await store.commit({ put: all.toReversed().map((key) => ({ key, revision: 0, value: key })) })
    const listed: string[] = []
    for await (const { key, value } of store.list('unit/a/')) {
      expect(value).toBe(key)
      // A write in the middle: the list holds no transaction that would hinder it.
      if (listed.length % 400 === 0) await store.commit({ put: [{ key: `z${listed.length}`, revision: 0, value: 1 }] })
      listed.push(key)
    }
    expect(listed).toEqual(['unit/a/\0', ...keys, 'unit/a/é', 'unit/a/\u{10ffff}'])
    expect(await Array.fromAsync(store.list('nothing'))).toEqual([])
    expect((await Array.fromAsync(store.list(''))).length).toBe(all.length + 4)
  })

  it('are seen by another store on the same file', async () => {
    const path = storePath()
    const [one, two] = [open(path), open(path)]
    await one.commit({ put: [{ key: 'a', revision: 0, value: 1 }] })
    expect((await get(two, 'a'))?.value).toBe(1)
    await two.commit({ put: [{ key: 'a', revision: 1, value: 2 }] })
    await expect(one.commit({ put: [{ key: 'a', revision: 1, value: 3 }] })).rejects.toMatchObject({
      code: 'ERR_CONFLICT',
    })
  })

  it('that were damaged are not given out', async () => {
    const path = storePath()
    const before = open(path)
    await before.commit({ put: [{ key: 'unit/a', revision: 0, value: { text: 'sentinel-value' } }] })
    await before.close()
    const whileOpen = open(path)
    damage(path, 'sentinel-value')
    const damaged = { code: 'ERR_STORE_DAMAGED', details: { key: 'unit/a' } }
    await expect(whileOpen.get(['unit/a'])).rejects.toMatchObject(damaged)
    await expect(Array.fromAsync(whileOpen.list('unit/'))).rejects.toMatchObject(damaged)
    await expect((async () => open(path))()).rejects.toMatchObject(damaged)
  })

  it('refuse what is no key, revision or JSON', async () => {
    const store = open()
    const bad = (put: unknown) => expect(store.commit({ put: [put as never] })).rejects.toThrow(TypeError)
    await bad({ key: '', revision: 0, value: 1 })
    await bad({ key: 'a\ud800', revision: 0, value: 1 })
    await bad({ key: 'a', revision: 0.5, value: 1 })
    await bad({ key: 'a', revision: -1, value: 1 })
    await bad({ key: 'a', revision: 0, value: 1n })
  })
})
