import { describe, expect, it } from 'vitest'
import { nameSome } from '../../../src/internal/name-some.ts'

describe('nameSome', () => {
  it('names all where they are few, else how many more there are', () => {
    expect(nameSome(['a', 'b'])).toBe('a, b')
    expect(nameSome([1, 2, 3], 2)).toBe('1, 2 and 1 more')
  })
})
