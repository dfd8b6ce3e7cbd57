import { attachGroups, detachGroups, importDefinition, stop, type Tier, updateUnit } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { DEFINITION_IMPORT_ROWS } from '../spec-rows/definition-import.ts'
import { rowOf, titleOf } from '../spec-rows/spec-row.ts'
import { expectRowRefused } from '../support/expect-row.ts'
import { createFleet, storyGroups, TIERS } from '../support/fleet.ts'
import { memoryDefinition, tierOf } from '../support/memory-definition.ts'
import { documentsOf, expectRefused, refusal } from '../support/refusal.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

const UNIT = 'gyoumu_a'

describe('importDefinition', () => {
  it('registers the tiers and the hash, and touches no server', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const before = await fleet.manager.units.get(UNIT)
    const { hash } = await fleet.manager.definitions.add(memoryDefinition(TIERS, { 'web/config/a': 'another text' }))
    const from = await mark(fleet.world)
    const result = await fleet.manager.execute(importDefinition, { unit: UNIT, definition: hash })
    expect(result).toMatchObject({ definition: hash, tiers: ['combined', 'app', 'web'] })
    expect(await mutationsSince(fleet.world, from)).toEqual([])
    expect(await fleet.manager.units.get(UNIT)).toEqual({ ...before, definition: hash })
  })

  it('replaces the definition as a whole: a file that is gone is gone from the servers too', async () => {
    await using fleet = await createFleet()
    const [group] = storyGroups()
    await fleet.build(UNIT, [group!])
    const [machine] = await fleet.world.admin.machines()
    const file = async (path: string) =>
      (await fleet.world.admin.files(machine!.id)).filter((one) => one.includes(path))
    expect(await file('server.conf')).toHaveLength(1)
    const next = TIERS.map((tier) => ({ ...tier, startOrder: 7 }))
    const { hash } = await fleet.manager.definitions.add(
      memoryDefinition(next, { 'combined/config/other.conf': 'new' }),
    )
    await fleet.manager.execute(importDefinition, { unit: UNIT, definition: hash })
    expect((await fleet.manager.units.get(UNIT)).tiers.map(({ startOrder }) => startOrder)).toEqual([7, 7, 7])
    await fleet.manager.execute(updateUnit, { unit: UNIT, whole: true, allowOutage: true })
    expect(await file('server.conf')).toEqual([])
    expect(await file('other.conf')).toHaveLength(1)
  })

  it('refuses a definition that is not in the store', async () => {
    await using fleet = await createFleet()
    await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
    const error = await expectRefused(fleet, 'ERR_NOT_FOUND', () =>
      fleet.manager.execute(importDefinition, { unit: UNIT, definition: 'f'.repeat(64) }),
    )
    expect(error.message).toContain('definitions.add')
  })

  it('refuses a template that is not registered', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const tiers = [...TIERS, tierOf({ id: 'extra', type: 'ctm-tier', startOrder: 3, template: 'no-such' })]
    const { hash } = await fleet.manager.definitions.add(memoryDefinition(tiers, {}))
    const error = await expectRefused(fleet, 'ERR_NOT_FOUND', () =>
      fleet.manager.execute(importDefinition, { unit: UNIT, definition: hash }),
    )
    expect(error.message).toContain('no-such')
  })

  it('refuses a balancer that the manager was not given', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const balancer = { name: 'nowhere', pool: 'p', port: 80, drainTimeoutMs: 1 }
    const { hash } = await fleet.manager.definitions.add(
      memoryDefinition(
        TIERS.map((tier): Tier => ({ ...tier, balancer })),
        {},
      ),
    )
    const error = await expectRefused(fleet, 'ERR_NOT_CONFIGURED', () =>
      fleet.manager.execute(importDefinition, { unit: UNIT, definition: hash }),
    )
    expect(error.message).toContain('nowhere')
  })

  it('refuses to lose the tier of an attached server, naming it', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const { hash } = await fleet.manager.definitions.add(memoryDefinition(TIERS.slice(0, 2), {}))
    const error = await expectRefused(fleet, 'ERR_WRONG_STATE', () =>
      fleet.manager.execute(importDefinition, { unit: UNIT, definition: hash }),
    )
    expect(error.message).toContain('192.168.1.103 (web)')
  })

  const row = rowOf(DEFINITION_IMPORT_ROWS, '3.9.9')
  const otherPools: readonly (readonly [string, (tier: Tier) => Tier])[] = [
    [
      'another name',
      ({ balancer, ...tier }) => (balancer ? { ...tier, balancer: { ...balancer, pool: 'other' } } : tier),
    ],
    ['no load balancer', ({ balancer: _, ...tier }) => tier],
  ]
  it.each(otherPools)(`${titleOf(row)}: %s`, async (_what, change) => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    const { hash } = await fleet.manager.definitions.add(memoryDefinition(TIERS.map(change), {}))
    const importing = async () => await fleet.manager.execute(importDefinition, { unit: UNIT, definition: hash })
    const error = await expectRowRefused(fleet, row, importing)
    expect(error.message).toContain('192.168.1.101')
    await fleet.manager.execute(stop, { unit: UNIT })
    await fleet.manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_1'] })
    await importing()
    expect((await fleet.world.admin.pools()).flatMap(({ members }) => members)).toEqual([])
  })

  it('with another pool is stale when servers came into the one of before meanwhile', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    await fleet.manager.execute(stop, { unit: UNIT })
    await fleet.manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_1'] })
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups().slice(0, 1), adopt: true })
    const tiers = TIERS.map(({ balancer: _, ...tier }): Tier => tier)
    const { hash } = await fleet.manager.definitions.add(memoryDefinition(tiers, {}))
    const plan = await fleet.manager.plan(importDefinition, { unit: UNIT, definition: hash })
    await fleet.manager.execute(updateUnit, { unit: UNIT })
    await expectRefused(fleet, 'ERR_PLAN_STALE', () => fleet.manager.start(plan))
  })

  it('waits for the runs that take servers into the pool which the definition does not have any more', async () => {
    await using fleet = await createFleet()
    await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
    const first = await fleet.manager.definitions.add(memoryDefinition(TIERS, {}))
    await fleet.manager.execute(importDefinition, { unit: UNIT, definition: first.hash })
    const groups = storyGroups().slice(0, 1)
    await fleet.provide(groups, UNIT)
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups })
    const tiers = TIERS.map(({ balancer: _, ...tier }) => tier)
    const { hash } = await fleet.manager.definitions.add(memoryDefinition(tiers, {}))
    const update = await fleet.manager.plan(updateUnit, { unit: UNIT })
    const run = await fleet.manager.start(update, { approval: 'required' })
    const importing = async () => await fleet.manager.execute(importDefinition, { unit: UNIT, definition: hash })
    await expectRefused(fleet, 'ERR_CLAIMED', importing)
    await run.cancel('enough')
    await importing()
  })

  it('lets what is said of a pool change, and a load balancer be named for the first time', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const balancer = { name: 'edge', pool: 'gyoumu_a-app', port: 80, drainTimeoutMs: 1 }
    const tiers = TIERS.map(
      (tier): Tier => ({ ...tier, balancer: { ...balancer, ...tier.balancer, drainTimeoutMs: 5 } }),
    )
    const { hash } = await fleet.manager.definitions.add(memoryDefinition(tiers, {}))
    expect((await fleet.manager.execute(importDefinition, { unit: UNIT, definition: hash })).definition).toBe(hash)
  })

  it('stores the same content once; content that changes while it is read is refused', async () => {
    await using fleet = await createFleet()
    const source = memoryDefinition(TIERS, { 'web/config/a': 'one' })
    const first = await fleet.manager.definitions.add(source)
    const before = await documentsOf(fleet.storePath)
    expect(await fleet.manager.definitions.add(source)).toEqual(first)
    expect(Object.keys(await documentsOf(fleet.storePath))).toEqual(Object.keys(before))
    const changing = { ...memoryDefinition(TIERS, { 'web/config/a': 'two' }), read: source.read }
    const error = await refusal(fleet.manager.definitions.add(changing))
    expect(error.code).toBe('ERR_CONFLICT')
    expect(error.message).toContain('web/config/a')
    expect(Object.keys(await documentsOf(fleet.storePath))).toEqual(Object.keys(before))
  })
})
