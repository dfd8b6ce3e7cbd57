import { describe, expect, it } from 'vitest'
import { createFaultRules, randomSeed } from '../../../src/proxy/fault-rules.ts'
import { seededRandom } from '../../../src/seeded-random.ts'

describe('fault rules', () => {
  it('strike as often as they say, methods that they name', () => {
    const rules = createFaultRules(() => 0)
    rules.add({ method: 'A', times: 2, effect: { kind: 'reset' } })
    rules.add({ method: /^[AB]$/, effect: { kind: 'delay', ms: 5 } })
    expect(rules.strike('A')).toEqual([{ kind: 'reset' }, { kind: 'delay', ms: 5 }])
    expect(rules.strike('B')).toEqual([{ kind: 'delay', ms: 5 }])
    expect(rules.strike('A')).toHaveLength(2)
    expect(rules.strike('A')).toEqual([{ kind: 'delay', ms: 5 }])
    expect(rules.strike('C')).toEqual([])
  })

  it('are taken out, one by one or all', () => {
    const rules = createFaultRules(() => 0)
    const rule = { effect: { kind: 'unavailable' } } as const
    const undo = rules.add(rule)
    rules.add(rule)
    undo()
    expect(rules.strike('A')).toHaveLength(1)
    rules.clear()
    expect(rules.strike('A')).toEqual([])
  })

  it('strike a share of the calls', () => {
    const seed = randomSeed()
    console.log(`seed ${seed}`)
    const rules = createFaultRules(seededRandom(seed))
    rules.add({ probability: 0.1, effect: { kind: 'reset' } })
    const struck = Array.from({ length: 5000 }, () => rules.strike('A').length).filter((count) => count > 0).length
    expect(struck).toBeGreaterThan(350)
    expect(struck).toBeLessThan(650)
  })

  it('draw the same numbers for the same seed, evenly', () => {
    const [first, second, other] = [seededRandom(1), seededRandom(1), seededRandom(2)]
    const numbers = Array.from({ length: 4000 }, first)
    expect(Array.from({ length: 4000 }, second)).toEqual(numbers)
    expect(other()).not.toBe(numbers[0])
    const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length
    expect(mean).toBeGreaterThan(0.47)
    expect(mean).toBeLessThan(0.53)
    expect(Math.max(...numbers)).toBeLessThan(1)
  })
})
