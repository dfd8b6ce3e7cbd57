import { describe, expect, it } from 'vitest'
import { inNaturalOrder } from '../../../src/internal/in-natural-order.ts'

describe('inNaturalOrder', () => {
  it.for<readonly [what: string, names: readonly string[]]>([
    ['numbers', ['g1', 'g2', 'g9', 'g10', 'g11', 'g100']],
    ['several numbers', ['rack2_vm3', 'rack2_vm12', 'rack10_vm1']],
    ['names without a number before those with one', ['web', 'web1']],
    ['numbers before letters', ['g1', 'ga']],
    ['leading zeros, the same in any order', ['g01', 'g1', 'g02', 'g2']],
    ['zero', ['g0', 'g1', 'g10']],
    ['numbers too long for a number', ['g99999999999999999998', 'g99999999999999999999', 'g100000000000000000000']],
  ])('orders %s', ([, names]) => {
    const wanted = names.map((name) => ({ name }))
    expect(inNaturalOrder(wanted)).toEqual(wanted)
    expect(inNaturalOrder(wanted.toReversed())).toEqual(wanted)
  })
})
