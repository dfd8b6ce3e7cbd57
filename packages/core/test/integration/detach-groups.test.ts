import { applyTemplate, attachGroups, detachGroups, type GroupDeclaration, start, stop, updateUnit } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, storyGroups } from '../support/fleet.ts'
import { documentsOf, expectRefused, refusal } from '../support/refusal.ts'
import { breakVersion } from '../support/story.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

const UNIT = 'gyoumu_a'

describe('detachGroups', () => {
  it('refuses a group that runs, naming its servers', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const error = await expectRefused(fleet, 'ERR_WRONG_STATE', () =>
      fleet.manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_3'] }),
    )
    expect(error.message).toContain('192.168.1.103')
    expect(error.message).toContain('192.168.1.104')
    expect(error.message).toMatch(/stop/i)
  })

  it('refuses an unknown group, together with one that exists', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    await expectRefused(fleet, 'ERR_NOT_FOUND', () =>
      fleet.manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_1', 'vmgroup_9'] }),
    )
  })

  it('takes the server out of its pool and our marker out of its machine, and leaves the machine as it is', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    const before = await fleet.world.admin.machines()
    const machine = before.find(({ marker }) => marker?.slot === 'vmgroup_1/combined/0')!
    const from = await mark(fleet.world)
    const { outcomes } = await fleet.manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_1'] })
    expect(outcomes).toMatchObject([{ server: 'vmgroup_1/combined/0', status: 'changed' }])
    const after = await fleet.world.admin.machines()
    expect(after.find(({ id }) => id === machine.id)).toEqual({ ...machine, marker: undefined })
    expect(after.filter(({ id }) => id !== machine.id)).toEqual(before.filter(({ id }) => id !== machine.id))
    const made = await mutationsSince(fleet.world, from)
    expect(made.map(({ call, subject }) => `${call} ${subject}`)).toEqual([
      'balancer.removeMember vmgroup_1/combined/0',
      `hypervisor.release ${machine.id}`,
    ])
    const pools = await fleet.world.admin.pools()
    expect(pools.flatMap(({ members }) => members.map(({ slot }) => slot)).sort()).toEqual([
      'vmgroup_2/combined/0',
      'vmgroup_3/web/0',
    ])
    expect((await fleet.manager.units.get(UNIT)).groups.map(({ name }) => name)).toEqual(['vmgroup_2', 'vmgroup_3'])
    expect(Object.keys(await documentsOf(fleet.storePath)).filter((key) => key.includes('192.168.1.101'))).toEqual([])
  })

  it('forgets a server that was never adopted without a call to its machine', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const groups: readonly GroupDeclaration[] = [
      { name: 'vmgroup_4', servers: [{ tierId: 'combined', address: '192.168.1.140', port: 20580 }] },
    ]
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups })
    const from = await mark(fleet.world)
    await fleet.manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_4'] })
    expect(await mutationsSince(fleet.world, from)).toEqual([])
    expect((await fleet.manager.units.get(UNIT)).groups).toHaveLength(3)
  })

  it('says which machines in quarantine stay behind', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    await fleet.build(UNIT, storyGroups())
    const template = await breakVersion(fleet)
    await refusal(manager.execute(applyTemplate, { unit: UNIT, template, allowOutage: true }))
    const [kept] = (await manager.units.get(UNIT)).groups[0]!.quarantine
    await manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    const { warnings } = await manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_1'] })
    expect(warnings.join()).toContain(kept!.machine.id)
    const machine = (await fleet.world.admin.machines()).find(({ id }) => id === kept!.machine.id)
    expect(machine, 'it is there for inspection, and nobody claims it').toMatchObject({
      power: 'off',
      marker: undefined,
    })
  })

  it("the manual's example: vmgroup_1 of gyoumu_a goes, and comes back with another address", async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const { manager, world } = fleet
    await manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    await manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_1'] })
    const declared = { tierId: 'combined', address: '192.168.1.110', port: 20580, serviceAddress: '192.168.2.110' }
    const groups = [{ name: 'vmgroup_1', servers: [declared] }]
    await fleet.provide(groups, 'new')
    await manager.execute(attachGroups, { unit: UNIT, groups, adopt: true })
    await manager.execute(updateUnit, { unit: UNIT })
    await manager.execute(start, { unit: UNIT })
    const group = (await manager.units.get(UNIT)).groups.find(({ name }) => name === 'vmgroup_1')
    expect(group?.servers[0]).toMatchObject({ address: '192.168.1.110', status: 'working', traffic: 'in' })
    const machine = (await world.admin.machines()).find(({ name }) => name === 'new-vmgroup_1-combined')
    expect(machine).toMatchObject({ serving: true, marker: { slot: 'vmgroup_1/combined/0' } })
    const pool = (await world.admin.pools()).find(({ name }) => name === 'gyoumu_a')
    expect(pool?.members.find(({ slot }) => slot === 'vmgroup_1/combined/0')).toMatchObject({
      address: '192.168.2.110',
      traffic: 'in',
    })
    // The old machine and its addresses are free for anybody.
    const old = { tierId: 'combined', address: '192.168.1.101', port: 20580, serviceAddress: '192.168.2.101' }
    await manager.execute(attachGroups, { unit: UNIT, groups: [{ name: 'vmgroup_5', servers: [old] }], adopt: true })
    const again = (await manager.units.get(UNIT)).groups.find(({ name }) => name === 'vmgroup_5')
    expect(again?.servers[0]?.machine?.operationId).toContain('vmgroup_5/combined/0/adopt')
  })
})
