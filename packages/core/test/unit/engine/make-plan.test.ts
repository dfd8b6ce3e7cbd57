import { describe, expect, it } from 'vitest'
import type { Plan, PlannedStep } from '../../../src/domain/plan.ts'
import { checkPlan } from '../../../src/engine/check-plan.ts'
import { makePlan } from '../../../src/engine/make-plan.ts'
import type { Draft, Operation } from '../../../src/ports/index.ts'
import { ONE_BY_ONE } from './support/synthetic-plan.ts'

const kind = { name: 'touch', version: 1 }
const operation = { name: 'touchAll', version: 3, kinds: [kind] } as unknown as Operation

function step(id: string, needs: readonly string[] = []): PlannedStep {
  return { id, kind, input: { path: '/tmp/x', nothing: undefined }, needs }
}

function draftOf(steps: readonly PlannedStep[], change: Partial<Draft> = {}): Draft {
  const one = { group: 'g1', action: 'patch', reason: 'a test', disturbs: false, expects: [], steps } as const
  return {
    claims: ['unit/b', 'unit/a'],
    servers: [{ server: 'g1/web/0', address: '192.0.2.1', action: 'patch', reason: '試験' }],
    phases: [{ name: 'roll', changes: [one], waves: ONE_BY_ONE }],
    ...change,
  }
}

const MAKER = { manager: 'vmunit', key: 'known to the store alone' } as const

function planOf(draft: Draft, input: unknown = { unit: 'a' }): Plan {
  return makePlan(operation, input, { draft, ...MAKER })
}

/** The same content with every object's keys the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, reversed(member)]),
  )
}

const edited = expect.objectContaining({ code: 'ERR_PLAN_EDITED' })

describe('makePlan', () => {
  const plan = planOf(draftOf([step('a'), step('b', ['a'])]))

  it('says what it is, for whom, and how much', () => {
    expect(plan).toMatchObject({
      format: 1,
      operation: { name: 'touchAll', version: 3 },
      manager: 'vmunit',
      claims: ['unit/a', 'unit/b'],
      back: [],
      attempts: 1,
      notes: [],
      warnings: [],
      estimate: { steps: 2, durationMs: 10_000 },
    })
    expect(plan.hash).toMatch(/^[0-9a-f]{64}$/)
  })

  it('gives the same bytes for the same content, 100 times of 100', () => {
    const bytes = new Set(
      Array.from({ length: 100 }, () => JSON.stringify(planOf(draftOf([step('a'), step('b', ['a'])])))),
    )
    expect(bytes.size).toBe(1)
  })

  it.for<readonly [string, Plan]>([
    ['the input', planOf(draftOf([step('a'), step('b', ['a'])]), { unit: 'b' })],
    ['a step', planOf(draftOf([step('a'), step('c', ['a'])]))],
    ['a need', planOf(draftOf([step('a'), step('b')]))],
    ['a note', planOf(draftOf([step('a'), step('b', ['a'])], { notes: ['x'] }))],
    ['the attempts', planOf(draftOf([step('a'), step('b', ['a'])], { attempts: 2 }))],
  ])('has another hash when %s is another', ([, other]) => {
    expect(other.hash).not.toBe(plan.hash)
  })

  it.for<readonly [string, Draft]>([
    ['a step twice', draftOf([step('a'), step('a')])],
    ['a step twice, once on the way back', draftOf([step('a')], { back: draftOf([step('a')]).phases })],
    ['an unknown need', draftOf([step('a', ['z'])])],
    ['a kind that the operation does not list', draftOf([{ ...step('a'), kind: { name: 'other', version: 1 } }])],
    ['another version of a kind', draftOf([{ ...step('a'), kind: { name: 'touch', version: 2 } }])],
    ['a phase without waves', draftOf([], { phases: [{ name: 'roll', changes: [], waves: [] }] })],
    ['a step that needs itself', draftOf([step('a', ['a'])])],
    ['steps that need each other', draftOf([step('a', ['b']), step('b', ['a'])])],
    [
      'a group twice in a phase',
      draftOf([], {
        phases: [
          {
            name: 'roll',
            changes: ['a', 'b'].flatMap((id) => draftOf([step(id)]).phases[0]?.changes ?? []),
            waves: ONE_BY_ONE,
          },
        ],
      }),
    ],
  ])('refuses %s: that is a mistake of the operation', ([, draft]) => {
    expect(() => planOf(draft)).toThrowError(expect.objectContaining({ code: 'ERR_INTERNAL' }))
  })
})

describe('steps that groups share', () => {
  const written = [
    step('{group}/a'),
    { ...step('{group}/b', ['{group}/a']), input: { at: '{at}' }, server: '{group}/web/0' },
  ]

  function sharing(groups: readonly string[], more: Partial<Draft['phases'][number]> = {}): Draft['phases'][number] {
    const changes = groups.map((group) => ({
      ...({ group, action: 'patch', reason: 'a test', disturbs: false, expects: [] } as const),
      steps: written,
      values: { at: `10.0.0.${group.slice(1)}` },
    }))
    return { name: 'roll', changes, waves: ONE_BY_ONE, ...more }
  }

  it('stand in the plan once, under the name of their phase', () => {
    const plan = planOf(draftOf([], { phases: [sharing(['g1', 'g2'])] }))
    expect(plan.procedures).toEqual({ roll: written })
    expect(plan.phases[0]?.changes[1]?.steps).toEqual({ procedure: 'roll', values: { at: '10.0.0.2' } })
    expect(plan.estimate.steps).toBe(4)
    expect(checkPlan(JSON.parse(JSON.stringify(plan)) as Plan, MAKER).hash).toBe(plan.hash)
  })

  it('have a name each when phases of the same name share others', () => {
    const other = sharing(['g3', 'g4'])
    const steps = [step('{group}/c')]
    const changes = other.changes.map((change) => ({ ...change, steps }))
    const plan = planOf(draftOf([], { phases: [sharing(['g1', 'g2']), { ...other, changes }] }))
    expect(plan.procedures).toEqual({ roll: written, 'roll 2': steps })
  })

  it('are written out when only one group has them', () => {
    const plan = planOf(draftOf([], { phases: [sharing(['g1'])] }))
    expect(plan.procedures).toBeUndefined()
    expect(plan.phases[0]?.changes[0]?.steps).toMatchObject([
      { id: 'g1/a' },
      { id: 'g1/b', needs: ['g1/a'], input: { at: '10.0.0.1' }, server: 'g1/web/0' },
    ])
  })

  it('are covered by the hash, and so is what is filled in', () => {
    const plan = planOf(draftOf([], { phases: [sharing(['g1', 'g2'])] }))
    const procedures = { roll: written.slice(0, 1) }
    const phases = JSON.parse(JSON.stringify(plan.phases).replace('10.0.0.2', '10.0.0.3')) as Plan['phases']
    for (const other of [
      { ...plan, procedures },
      { ...plan, phases },
    ]) {
      expect(() => checkPlan(other, MAKER)).toThrowError(edited)
    }
  })

  it.for<readonly [string, Draft]>([
    [
      'a group has them twice',
      draftOf([], { phases: [sharing(['g1', 'g2']), sharing(['g2', 'g3'], { name: 'again' })] }),
    ],
    [
      'a group has one of them by itself too',
      draftOf([], { phases: [sharing(['g1', 'g2']), ...draftOf([step('g1/b')]).phases] }),
    ],
  ])('are refused when %s', ([, draft]) => {
    expect(() => planOf(draft)).toThrowError(expect.objectContaining({ code: 'ERR_INTERNAL' }))
  })
})

describe('checkPlan', () => {
  const plan = planOf(draftOf([step('a'), step('b', ['a'])]), { unit: 'a', description: undefined, text: '業務' })

  it('accepts a plan as it was made, through JSON, and with its keys in another order', () => {
    for (const same of [plan, JSON.parse(JSON.stringify(plan)), reversed(plan)]) {
      expect(checkPlan(same as Plan, MAKER).hash).toBe(plan.hash)
    }
  })

  it('does not mind another estimate', () => {
    expect(() => checkPlan({ ...plan, estimate: { durationMs: 1, steps: 1 } }, MAKER)).not.toThrow()
  })

  it.for<readonly [string, object]>([
    ['an edited input', { ...plan, input: { unit: 'b' } }],
    ['a claim left out', { ...plan, claims: [] }],
    ['a server left out', { ...plan, servers: [] }],
    ['another reason', { ...plan, servers: plan.servers.map((server) => ({ ...server, reason: 'x' })) }],
    ['a phase left out', { ...plan, phases: [] }],
    ['a member added', { ...plan, allowOutage: true }],
    ['another hash', { ...plan, hash: '0'.repeat(64) }],
    ['another seal', { ...plan, seal: plan.seal.toUpperCase() }],
    ['no seal', { ...plan, seal: undefined }],
    ['a hash that fits what was edited', { ...planOf(draftOf([step('a')]), { unit: 'b' }), seal: plan.seal }],
    ['no estimate', { ...plan, estimate: undefined }],
    ['another version of the format', { ...plan, format: 2 }],
    ['no plan at all', {}],
  ])('refuses %s', ([, other]) => {
    expect(() => checkPlan(other as Plan, MAKER)).toThrowError(edited)
  })

  it('refuses a plan that was sealed by somebody who does not know the key', () => {
    expect(() => checkPlan(plan, { ...MAKER, key: 'another' })).toThrowError(edited)
  })

  it('refuses a plan for the fleet of another manager', () => {
    expect(() => checkPlan(plan, { ...MAKER, manager: 'other' })).toThrowError(
      expect.objectContaining({ code: 'ERR_STORE_FOREIGN', details: { planned: 'vmunit', manager: 'other' } }),
    )
  })
})
