import { describe, expect, it } from 'vitest'
import type { PlannedStep } from '../../../src/domain/plan.ts'
import { fillNames, stepsOf } from '../../../src/domain/planned-steps.ts'

const kind = { name: 'touch', version: 1 }
const written: readonly PlannedStep[] = [
  {
    id: '{group}/web/0/create',
    input: { address: '{web/0.address}', count: 1 },
    kind,
    needs: [],
    server: '{group}/web/0',
  },
  {
    final: true,
    id: 'back:{group}/web/0/start',
    input: {
      argv: ['echo', '{web/0.address}:80'],
      machine: { $output: { field: 'id', step: '{group}/web/0/create' } },
    },
    kind,
    needs: ['{group}/web/0/create'],
  },
]

describe('stepsOf', () => {
  it('gives the steps of a change as they are when they are its own', () => {
    const own = [{ id: '{group}', input: '{web/0.address}', kind, needs: [] }]
    expect(stepsOf({}, { group: 'g1', steps: own })).toBe(own)
  })

  it('fills in what is particular to the group, wherever it stands', () => {
    const steps = { procedure: 'roll', values: { 'web/0.address': '10.1.0.1' } }
    expect(stepsOf({ procedures: { roll: written } }, { group: 'g1', steps })).toEqual([
      { id: 'g1/web/0/create', input: { address: '10.1.0.1', count: 1 }, kind, needs: [], server: 'g1/web/0' },
      {
        final: true,
        id: 'back:g1/web/0/start',
        input: { argv: ['echo', '10.1.0.1:80'], machine: { $output: { field: 'id', step: 'g1/web/0/create' } } },
        kind,
        needs: ['g1/web/0/create'],
      },
    ])
  })

  it('refuses a procedure that the plan does not have: nothing would be done', () => {
    const change = { group: 'g1', steps: { procedure: 'roll', values: {} } }
    for (const procedures of [undefined, { other: written }]) {
      expect(() => stepsOf({ procedures }, change)).toThrowError(expect.objectContaining({ code: 'ERR_INTERNAL' }))
    }
  })
})

describe('fillNames', () => {
  it('does not look again at what it has filled in', () => {
    expect(fillNames('{a} {b}', { a: '{b}', b: '{a}' })).toBe('{b} {a}')
  })

  it.for(['{unknown}', '{}', '{', 'a}b{', '{constructor}', '{ a }'])('leaves %s as it is', (text) => {
    expect(fillNames({ text }, { a: '1' })).toEqual({ text })
  })

  it('takes a value for nothing but text: $& is no pattern', () => {
    expect(fillNames(['{a}'], { a: '$&$1' })).toEqual(['$&$1'])
  })
})
