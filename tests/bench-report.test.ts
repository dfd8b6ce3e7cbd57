import { describe, expect, it } from 'vitest'
import { median } from '../bench/median.ts'
import { formatRows, keepsBar, type Row } from '../bench/report.ts'

const row: Row = { name: 'parse', value: 20, peer: 10, ratio: 2, bar: 2.3, unit: 'ms', peerName: 'alone' }

describe('the report of a measurement', () => {
  it.each([
    [2.3, true],
    [2.31, false],
    [Number.NaN, false],
  ])('with a bar of 2.3, a ratio of %d is kept: %s', (ratio, kept) => {
    expect(keepsBar({ ...row, ratio })).toBe(kept)
  })

  it('is a table with aligned columns', () => {
    const alone: Row = {
      name: 'a longer name',
      value: 1.23456,
      peer: 0,
      ratio: 1.23456,
      bar: 1,
      unit: 's',
      peerName: '',
    }
    expect(formatRows([row, alone])).toBe(
      [
        'name            value           peer  ratio    bar',
        'parse           20 ms  10 ms (alone)      2  ≤ 2.3      ok',
        'a longer name  1.23 s              -   1.23    ≤ 1  MISSED',
      ].join('\n'),
    )
  })

  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
  ])('has the median of %j', (figures, expected) => {
    expect(median(figures)).toBe(expected)
  })
})
