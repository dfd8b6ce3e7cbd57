import { describe, expect, it } from 'vitest'
import type { DraftPhase } from '../../../../src/domain/plan.ts'
import {
  draft,
  type GroupProcedure,
  outputOf,
  rolling,
  type Stage,
  wayBack,
  wholeUnit,
} from '../../../../src/operations/roll/stage.ts'

const kind = { name: 'touch', version: 1, observe: (): void => {} }

/** A stage of lanes of steps, by their ids. */
function stage(name: string, ...lanes: readonly (readonly string[])[]): Stage {
  return { name, lanes: lanes.map((lane) => lane.map((id) => draft(kind, { id, input: {} }))) }
}

function procedure(group: string, stages: readonly Stage[], back: readonly Stage[] = []): GroupProcedure {
  const expects = [{ unit: 'u', server: `${group}/web/0`, fact: 'attached', value: true }] as const
  return { change: { group, action: 'replace', reason: 'a test', disturbs: true, expects }, stages, back }
}

/** Each step with what it needs, by group. */
function needsOf(phase: DraftPhase | undefined): Readonly<Record<string, readonly string[]>> {
  const steps = phase?.changes.flatMap((change) => change.steps) ?? []
  return Object.fromEntries(steps.map(({ id, needs }) => [id, needs]))
}

const namesOf = (phases: readonly DraftPhase[]): readonly string[] =>
  phases.map(({ name, changes }) => `${name}: ${changes.map(({ group }) => group).join(' ')}`)

describe('the steps of a group', () => {
  it('go lane by lane within a stage; a stage begins when all lanes of the one before are over', () => {
    const phases = rolling(
      'roll',
      [procedure('g', [stage('a', ['a1', 'a2'], ['a3']), stage('b', ['b1'], ['b2', 'b3'])])],
      [{ groups: 1 }],
    )
    expect(needsOf(phases[0])).toEqual({ a1: [], a2: ['a1'], a3: [], b1: ['a2', 'a3'], b2: ['a2', 'a3'], b3: ['b2'] })
  })

  it('are not held up, nor set free, by a stage or a lane without steps', () => {
    const phases = rolling(
      'roll',
      [procedure('g', [stage('a', ['a1'], []), stage('empty', [], []), stage('none'), stage('b', ['b1'])])],
      [{ groups: 1 }],
    )
    expect(needsOf(phases[0])).toEqual({ a1: [], b1: ['a1'] })
  })

  it('bear their kind by name and version only', () => {
    expect(draft(kind, { id: 'x', input: {} })).toEqual({ id: 'x', input: {}, kind: { name: 'touch', version: 1 } })
    expect(outputOf('create', 'id')).toEqual({ $output: { step: 'create', field: 'id' } })
  })
})

describe('rolling', () => {
  const waves = [{ groups: 1 }, { groups: '25%' as const }]

  it('is one phase with the waves, in which each group goes through everything', () => {
    const phases = rolling(
      'roll',
      [procedure('g1', [stage('a', ['1a']), stage('b', ['1b'])]), procedure('g2', [stage('a', ['2a'])])],
      waves,
    )
    expect(namesOf(phases)).toEqual(['roll: g1 g2'])
    expect(phases[0]?.waves).toBe(waves)
    expect(phases[0]?.changes.every(({ expects }) => expects.length === 1)).toBe(true)
  })

  it('of nothing is no phase', () => {
    expect(rolling('roll', [], waves)).toEqual([])
  })
})

describe('whole', () => {
  const groups = [
    procedure('g1', [stage('stop', ['1s']), stage('create', ['1c']), stage('start', ['1t'])], [stage('back', ['1b'])]),
    procedure('g2', [stage('stop'), stage('create', ['2c']), stage('start', ['2t'])]),
  ]

  it('is a phase for each stage over all groups that have steps in it', () => {
    const phases = wholeUnit(groups)
    expect(namesOf(phases)).toEqual(['stop: g1', 'create: g1 g2', 'start: g1 g2'])
    expect(phases.every(({ waves }) => waves.length === 1 && waves[0]?.groups === '100%')).toBe(true)
    expect(needsOf(phases[1])).toEqual({ '1c': [], '2c': [] })
  })

  it('relies on facts only where a group begins: later phases meet what the run itself has changed', () => {
    const expected = wholeUnit(groups).map(({ changes }) => changes.map(({ expects }) => expects.length))
    expect(expected).toEqual([[1], [0, 1], [0, 0]])
  })
})

describe('the way back', () => {
  const groups = [
    procedure('g1', [], [stage('quarantine', ['1q']), stage('start old', ['1s'])]),
    procedure('g2', [], [stage('quarantine'), stage('start old', ['2s'])]),
    procedure('g3', [stage('a', ['3a'])]),
  ]

  it('of a rolling plan is one phase, of a whole one a phase for each stage; never stale', () => {
    expect(namesOf(wayBack(groups, 'rolling'))).toEqual(['go back: g1 g2'])
    expect(needsOf(wayBack(groups, 'rolling')[0])).toEqual({ '1q': [], '1s': ['1q'], '2s': [] })
    expect(namesOf(wayBack(groups, 'whole'))).toEqual(['quarantine: g1', 'start old: g1 g2'])
    for (const mode of ['rolling', 'whole'] as const) {
      expect(wayBack(groups, mode).flatMap(({ changes }) => changes.flatMap(({ expects }) => expects))).toEqual([])
    }
  })

  it('is none when no group has one', () => {
    expect(wayBack([procedure('g', [stage('a', ['a'])])], 'rolling')).toEqual([])
  })
})
