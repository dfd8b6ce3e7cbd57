import { attachGroups, block, deleteUnit, detachGroups, importDefinition, stop } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { rowOf, titleOf } from '../spec-rows/spec-row.ts'
import { BALANCER_ROWS } from '../spec-rows/start-stop.ts'
import { UNIT_DELETE_ROWS } from '../spec-rows/unit-delete.ts'
import { expectRow, expectRowRefused } from '../support/expect-row.ts'
import { createFleet, storyGroups, TIERS } from '../support/fleet.ts'
import { memoryDefinition } from '../support/memory-definition.ts'
import { documentsOf, expectRefused, refusal } from '../support/refusal.ts'
import { machineOf, machinesOf, UNIT } from '../support/story.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

const row = (number: string) => rowOf([...UNIT_DELETE_ROWS, ...BALANCER_ROWS], number)
const title = (number: string): string => titleOf(row(number))

/** The tiers of the story with pools of their own. */
function fleetTiers(pool: string): typeof TIERS {
  return TIERS.map((tier) => ({
    ...tier,
    ...(tier.balancer !== undefined && { balancer: { ...tier.balancer, pool } }),
  }))
}

describe('deleteUnit', () => {
  it(`${title('3.6.2')}, and they are named`, async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const error = await expectRowRefused(fleet, row('3.6.2'), () => fleet.manager.execute(deleteUnit, { unit: UNIT }))
    expect(error.details).toMatchObject({ groups: ['vmgroup_1', 'vmgroup_2', 'vmgroup_3'] })
  })

  it(title('3.6.1'), async () => {
    await using fleet = await createFleet()
    await expectRowRefused(fleet, row('3.6.1'), () => fleet.manager.execute(deleteUnit, { unit: 'nobody' }))
  })

  it(`${title('3.21.6')}, after its groups, their machines and its record`, async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.build('gyoumu_b', storyGroups(5), fleetTiers('gyoumu_b'))
    const others = await machinesOf(fleet, 'gyoumu_b')
    const deletion = fleet.manager.execute(deleteUnit, { unit: UNIT, detach: true })
    const result = await expectRow(row('3.21.6'), deletion)
    expect(result).toMatchObject({ outcomes: Array(4).fill({ status: 'changed' }) })
    expect((await fleet.manager.units.list()).map(({ name }) => name)).toEqual(['gyoumu_b'])
    expect((await fleet.world.admin.pools()).map(({ name }) => name)).toEqual(['gyoumu_b'])
    expect([...(await machinesOf(fleet)).keys()]).toEqual([])
    expect(await machinesOf(fleet, 'gyoumu_b')).toEqual(others)
    const documents = Object.keys(await documentsOf(fleet.storePath))
    expect(documents.filter((key) => /^(?:unit|group|address)\/.*(?:gyoumu_a|192\.168\.1\.)/.test(key))).toEqual([])
    await fleet.build(UNIT, storyGroups())
  })

  it('stops all groups before any leaves', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const from = await mark(fleet.world)
    await fleet.manager.execute(deleteUnit, { unit: UNIT, detach: true, machines: 'release' })
    const made = await mutationsSince(fleet.world, from)
    const last = (call: string): number => Math.max(...made.filter((one) => one.call === call).map(({ seq }) => seq))
    const first = (call: string): number =>
      Math.min(...made.filter((one) => one.call === call).map(({ arrived }) => arrived))
    expect(last('guests.startJob')).toBeLessThan(first('balancer.removeMember'))
    expect(last('balancer.removeMember')).toBeLessThan(first('hypervisor.release'))
    expect(last('hypervisor.release')).toBeLessThan(first('balancer.removePool'))
    expect((await fleet.world.admin.machines()).every(({ power, marker }) => power === 'on' && !marker)).toBe(true)
  })

  it('the unit stays when a pool cannot be removed, and the next attempt deletes it', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.world.admin.faults([{ call: 'balancer.removePool', effect: { type: 'error', code: 'ERR_DRIVER' } }])
    const error = await refusal(fleet.manager.execute(deleteUnit, { unit: UNIT, detach: true }))
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect((await fleet.manager.units.get(UNIT)).groups).toEqual([])
    await fleet.world.admin.faults([])
    await fleet.manager.execute(deleteUnit, { unit: UNIT })
    expect(await fleet.manager.units.list()).toEqual([])
  })

  it('leaves a pool alone in which somebody else has members', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.world.balancer.ensureMember('gyoumu_a', { slot: 'other/web/0', address: '10.0.0.1', port: 80 })
    await fleet.manager.execute(deleteUnit, { unit: UNIT, detach: true })
    expect((await fleet.world.admin.pools()).map(({ name }) => name)).toEqual(['gyoumu_a'])
  })

  it(`${title('3.6.4')}: any part of it; and it keeps others off while it waits`, async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const plan = await fleet.manager.plan(deleteUnit, { unit: UNIT, detach: true })
    const waiting = await fleet.manager.start(plan, { approval: 'required' })
    for (const work of [
      () => fleet.manager.execute(block, { unit: UNIT, groups: ['vmgroup_2'] }),
      async () => {
        const { hash } = await fleet.manager.definitions.add(memoryDefinition(TIERS, { 'web/config/a': 'new' }))
        await fleet.manager.execute(importDefinition, { unit: UNIT, definition: hash })
      },
    ]) {
      expect((await refusal(work())).code).toBe('ERR_CLAIMED')
    }
    await waiting.cancel('enough')
    const stopping = await fleet.manager.start(await fleet.manager.plan(stop, { unit: UNIT, groups: ['vmgroup_1'] }), {
      approval: 'required',
    })
    await expectRowRefused(fleet, row('3.6.4'), () => fleet.manager.execute(deleteUnit, { unit: UNIT, detach: true }))
    await stopping.cancel('enough')
  })

  it('deletes no machine that is not ours', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    await fleet.provide(storyGroups().slice(1, 2), UNIT)
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups().slice(1, 2) })
    await expectRefused(fleet, 'ERR_NOT_ADOPTED', () => fleet.manager.execute(deleteUnit, { unit: UNIT, detach: true }))
    const { id } = await machineOf(fleet, 'vmgroup_1/combined/0')
    await fleet.manager.execute(deleteUnit, { unit: UNIT, detach: true, machines: 'release' })
    expect((await fleet.world.admin.machines()).map((machine) => machine.id)).toContain(id)
  })

  it('is stale when a group was attached meanwhile, which nobody would find any more', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 2))
    await fleet.manager.execute(stop, { unit: UNIT, groups: ['vmgroup_2'] })
    await fleet.manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_2'] })
    const plan = await fleet.manager.plan(deleteUnit, { unit: UNIT, detach: true })
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups().slice(1, 2) })
    await expectRefused(fleet, 'ERR_PLAN_STALE', () => fleet.manager.start(plan))
  })

  it('a plan for a unit without groups is stale when one was attached meanwhile', async () => {
    await using fleet = await createFleet()
    const groups = storyGroups().slice(0, 1)
    await fleet.build(UNIT, groups)
    await fleet.manager.execute(stop, { unit: UNIT })
    await fleet.manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_1'] })
    const plan = await fleet.manager.plan(deleteUnit, { unit: UNIT })
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups, adopt: true })
    await expectRefused(fleet, 'ERR_PLAN_STALE', () => fleet.manager.start(plan))
  })
})
