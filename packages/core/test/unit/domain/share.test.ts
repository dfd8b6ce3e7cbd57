import { describe, expect, it } from 'vitest'
import { countOf, type Share, waveWidth, widthInWork } from '../../../src/domain/share.ts'

describe('a share of groups', () => {
  it.for<readonly [share: Share, total: number, down: number, up: number]>([
    [0, 10, 0, 0],
    [3, 10, 3, 3],
    [30, 10, 30, 30],
    ['0%', 10, 0, 0],
    ['25%', 3, 0, 1],
    ['25%', 4, 1, 1],
    ['25%', 10, 2, 3],
    ['25%', 11, 2, 3],
    ['33.3%', 3, 0, 1],
    ['99%', 100, 99, 99],
    ['100%', 7, 7, 7],
    ['50%', 0, 0, 0],
    // Would be 28.999… and 57.000…1 when the part is taken before it is multiplied.
    ['29%', 100, 29, 29],
    ['57%', 100, 57, 57],
  ])('%s of %d is %d, or %d rounded up', ([share, total, down, up]) => {
    expect([countOf(share, total, 'down'), countOf(share, total, 'up')]).toEqual([down, up])
  })

  it('as the width of a wave is at least one, or the wave would never end', () => {
    expect([waveWidth(0, 5), waveWidth('1%', 5), waveWidth('50%', 5), waveWidth(9, 5)]).toEqual([1, 1, 2, 9])
  })

  it('beside those that serve is rounded up, at least one, and never more than the wave is wide', () => {
    const widths = ([undefined, 0, 1, '1%', '25%', 9] as const).map((surge) =>
      widthInWork({ groups: '50%', surge }, 10),
    )
    expect(widths).toEqual([5, 1, 1, 1, 3, 5])
  })
})
