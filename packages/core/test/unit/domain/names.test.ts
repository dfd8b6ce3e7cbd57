import { describe, expect, it } from 'vitest'
import { NAME_PATTERN } from '../../../src/domain/names.ts'
import { mayAccess, type Principal } from '../../../src/domain/principal.ts'
import { hasEnded } from '../../../src/domain/run-state.ts'
import { groupOfSlot, slotOf } from '../../../src/domain/slot.ts'
import { currentVersion } from '../../../src/domain/template.ts'
import { inStartOrder, type Tier } from '../../../src/domain/tier.ts'
import { tierOf } from '../../support/memory-definition.ts'

describe('names', () => {
  it.for<readonly [string, boolean]>([
    ['a', true],
    ['gyoumu_a', true],
    ['Web-Base.2', true],
    ['a'.repeat(31), true],
    ['a'.repeat(32), false],
    ['', false],
    ['1st', false],
    ['_x', false],
    ['a/b', false],
    ['a b', false],
    ['業務', false],
    ['a\n', false],
    ['..', false],
  ])('%j is one: %s', ([name, isName]) => {
    expect(NAME_PATTERN.test(name)).toBe(isName)
  })
})

describe('slots', () => {
  it('name group, tier and place, and give the group back', () => {
    expect(slotOf('vmgroup_1', 'web', 0)).toBe('vmgroup_1/web/0')
    expect(groupOfSlot(slotOf('vm-group.1', 'web', 12))).toBe('vm-group.1')
  })
})

describe('tiers', () => {
  it('come in start order, equal numbers together, whatever order they are declared in', () => {
    const tier = (id: string, startOrder: number) => tierOf({ id, type: 'http-tier', startOrder, template: 'web-base' })
    const tiers = [tier('web', 10), tier('db', 0), tier('app', 9), tier('batch', 9)]
    expect(inStartOrder(tiers).map((place) => place.map(({ id }) => id))).toEqual([['db'], ['app', 'batch'], ['web']])
    expect(inStartOrder([])).toEqual([])
  })

  it('of one number: Web servers come after the J2EE servers that they send requests to', () => {
    const tier = (id: string, type: Tier['type']) => tierOf({ id, type, startOrder: 0, template: 'web-base' })
    const tiers = [tier('web', 'http-tier'), tier('app', 'j2ee-tier'), tier('all', 'combined-tier')]
    expect(inStartOrder(tiers).map((place) => place.map(({ id }) => id))).toEqual([['app', 'all'], ['web']])
    expect(inStartOrder([tiers[0]!, tiers[2]!])).toHaveLength(1)
  })
})

describe('templates', () => {
  it('have as current version the newest active one', () => {
    const version = (number: number, state: 'active' | 'deprecated' | 'revoked' | 'draft') =>
      ({ template: 't', number, image: `image-${number}`, state, note: '' }) as const
    const current = (...versions: readonly ReturnType<typeof version>[]) =>
      currentVersion({ name: 't', hypervisor: 'main', versions })?.number
    expect(current(version(1, 'active'), version(2, 'active'), version(3, 'revoked'), version(4, 'draft'))).toBe(2)
    expect(current(version(1, 'deprecated'))).toBeUndefined()
  })
})

describe('rights', () => {
  it.for<readonly [Principal['role'], string, boolean]>([
    ['administrator', 'somebody', true],
    ['builder', 'user_a', true],
    ['builder', 'somebody', false],
    ['resourceManager', 'user_a', false],
  ])('%s of a unit of %s: %s', ([role, owner, isAllowed]) => {
    expect(mayAccess({ name: 'user_a', role }, { name: 'gyoumu_a', owner })).toBe(isAllowed)
  })
})

describe('run states', () => {
  it('end in three', () => {
    const all = ['waiting', 'running', 'paused', 'interrupted', 'succeeded', 'failed', 'cancelled'] as const
    expect(all.filter(hasEnded)).toEqual(['succeeded', 'failed', 'cancelled'])
  })
})
