import { describe, expect, it } from 'vitest'
import { isAvailable } from '../../../../src/domain/availability.ts'
import type { ManagementUnit, VirtualServer } from '../../../../src/domain/management-unit.ts'
import type { Wave } from '../../../../src/domain/plan.ts'
import { checkAvailability } from '../../../../src/operations/roll/availability.ts'
import { groupOf, serverOf, unitWith } from '../support/unit.ts'

function unitOf(count: number, change: (index: number) => Partial<VirtualServer> = () => ({})): ManagementUnit {
  return unitWith(
    Array.from({ length: count }, (_, index) =>
      groupOf(`g${index + 1}`, [serverOf(`g${index + 1}/web/0`, change(index))]),
    ),
  )
}

function check(
  unit: ManagementUnit,
  waves: readonly Wave[],
  more: { allowOutage?: boolean; only?: readonly string[] } = {},
): readonly string[] {
  const groups = more.only === undefined ? unit.groups : unit.groups.filter(({ name }) => more.only?.includes(name))
  return checkAvailability({ unit, groups, waves, allowOutage: more.allowOutage ?? false })
}

const interrupts = expect.objectContaining({ code: 'ERR_WOULD_INTERRUPT' })

describe('isAvailable', () => {
  it.for<readonly [string, Partial<VirtualServer>, boolean]>([
    ['works and gets traffic', {}, true],
    ['is stopped', { status: 'stopped' }, false],
    ['is out of the balancer', { traffic: 'out' }, false],
    ['has no place in the pool', { traffic: 'none' }, false],
    ['is in the middle of a start', { status: 'starting' }, false],
  ])('a server that %s', ([, change, expected]) => {
    const unit = unitOf(1, () => change)
    expect(isAvailable(unit, unit.groups[0]!)).toBe(expected)
  })

  it('does not ask for traffic where the tier has no balancer', () => {
    const unit = unitWith([groupOf('g1', [serverOf('g1/app/0', { traffic: 'none' })])])
    expect(isAvailable(unit, unit.groups[0]!)).toBe(true)
  })

  it('needs every server of the group', () => {
    const unit = unitWith([groupOf('g1', [serverOf('g1/web/0'), serverOf('g1/app/0', { status: 'stopped' })])])
    expect(isAvailable(unit, unit.groups[0]!)).toBe(false)
  })
})

describe('checkAvailability', () => {
  it('is content while another group serves', () => {
    expect(check(unitOf(2), [{ groups: 1 }])).toEqual([])
    expect(check(unitOf(12), [{ groups: 1 }, { groups: '25%' }])).toEqual([])
  })

  it.for<readonly [string, ManagementUnit, readonly Wave[]]>([
    ['a single group', unitOf(1), [{ groups: 1 }]],
    ['all at once', unitOf(3), [{ groups: '100%' }]],
    ['a later wave that takes all the rest and more', unitOf(3), [{ groups: 1 }, { groups: 3 }]],
    [
      'one of two, when the other is stopped',
      unitOf(2, (index) => (index === 1 ? { status: 'stopped' } : {})),
      [{ groups: 1 }],
    ],
  ])('refuses %s', ([, unit, waves]) => {
    expect(() => check(unit, waves)).toThrowError(interrupts)
  })

  it('says so in a note when an outage is allowed', () => {
    expect(check(unitOf(1), [{ groups: 1 }], { allowOutage: true })).toEqual([expect.stringContaining('tier web')])
  })

  it('lets the waves go over some groups while the others serve', () => {
    expect(check(unitOf(4), [{ groups: '100%' }], { only: ['g1', 'g2', 'g3'] })).toEqual([])
  })

  it('does not mind groups that do not serve anyway', () => {
    expect(
      check(
        unitOf(3, () => ({ status: 'stopped' })),
        [{ groups: '100%' }],
      ),
    ).toEqual([])
  })

  it('looks at each tier by itself', () => {
    const unit = unitWith([
      groupOf('g1', [serverOf('g1/web/0')]),
      groupOf('g2', [serverOf('g2/web/0')]),
      groupOf('g3', [serverOf('g3/app/0')]),
    ])
    expect(() => check(unit, [{ groups: 1 }])).toThrowError(
      expect.objectContaining({ code: 'ERR_WOULD_INTERRUPT', details: expect.objectContaining({ tiers: ['app'] }) }),
    )
  })

  // A group that failed stays out of service until the run goes back.
  it('counts the failures that a wave allows', () => {
    expect(check(unitOf(3), [{ groups: 1, maxFailures: 1 }])).toEqual([])
    expect(() => check(unitOf(3), [{ groups: 1, maxFailures: 2 }])).toThrowError(interrupts)
  })
})
