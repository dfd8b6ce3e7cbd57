import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { canonicalHash } from '../../../src/internal/canonical-hash.ts'
import { canonicalJson } from '../../../src/internal/canonical-json.ts'

const deep = (depth: number): unknown =>
  depth === 0 ? { b: 'é→"\\\n', a: [1, null] } : { z: [deep(depth - 1)], a: {} }

describe('canonical JSON', () => {
  it.for<[name: string, value: unknown, text: string]>([
    ['sorts keys', { b: 1, a: { d: [], c: {} } }, '{"a":{"c":{},"d":[]},"b":1}'],
    ['keeps what is in order', { a: 1, b: [{ a: 'x', b: null }] }, '{"a":1,"b":[{"a":"x","b":null}]}'],
    ['sorts below what is in order', { a: [{ d: 1, c: 2 }] }, '{"a":[{"c":2,"d":1}]}'],
    ['sorts numbers as text', { 10: 'a', 9: 'b' }, '{"10":"a","9":"b"}'],
    ['leaves undefined members out', { b: undefined, a: 1 }, '{"a":1}'],
    ['leaves undefined members out of what is in order', { a: undefined, b: 1 }, '{"b":1}'],
    ['has null for undefined in a list', [undefined, 1], '[null,1]'],
    ['is null for nothing', undefined, 'null'],
    ['escapes', '"\u2028\ud800', JSON.stringify('"\u2028\ud800')],
  ])('%s', ([, value, text]) => {
    expect(canonicalJson(value)).toBe(text)
    expect(canonicalHash(value)).toBe(createHash('sha256').update(text).digest('hex'))
  })

  it('has the same hash whether it is hashed whole or in parts', () => {
    for (let depth = 0; depth < 12; depth += 1) {
      const value = [deep(depth), {}, [], undefined, { x: undefined, y: [[]] }]
      expect(canonicalHash(value)).toBe(createHash('sha256').update(canonicalJson(value)).digest('hex'))
    }
  })

  it('has that hash when it is large, whichever of its parts are', () => {
    const long = Array.from({ length: 100 }, (_, index) => ({ z: '試験'.repeat(index), a: undefined, b: [index] }))
    for (const value of [long, { z: long, a: long }, { z: [{ y: { x: long }, b: 1 }], c: undefined, a: long }]) {
      const all = Array.from({ length: 40 }, () => value)
      expect(canonicalHash({ all })).toBe(createHash('sha256').update(canonicalJson({ all })).digest('hex'))
    }
  })

  it('is the same before and after a journey as JSON', () => {
    const value = deep(7)
    expect(canonicalHash(JSON.parse(JSON.stringify(value)))).toBe(canonicalHash(value))
  })
})
