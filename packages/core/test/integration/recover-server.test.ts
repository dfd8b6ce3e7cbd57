import { attachGroups, importDefinition, isVmunitError, recoverServer, start, stop, updateUnit } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups, TIERS } from '../support/fleet.ts'
import { memoryDefinition } from '../support/memory-definition.ts'
import { expectRefused, refusal } from '../support/refusal.ts'
import { machineOf, machinesOf, SLOTS, standing, UNIT, upgrade } from '../support/story.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

const SLOT = SLOTS[0]
const ADDRESS = '192.168.1.101'

/** Which servers a run touched, by slot. */
async function touched(fleet: Fleet, from: number): Promise<ReadonlySet<string>> {
  const steps = (await mutationsSince(fleet.world, from)).flatMap(({ step }) => step ?? [])
  return new Set(steps.map((step) => step.split('/').slice(0, 3).join('/')))
}

describe('recoverServer by repair', () => {
  it('brings back a server whose start failed, once the cause is gone, and touches no other', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const { id } = await machineOf(fleet, 'vmgroup_3/app/0')
    await fleet.manager.execute(stop, { unit: UNIT, groups: ['vmgroup_3'] })
    const effect = { type: 'error', code: 'ERR_DRIVER' } as const
    await fleet.world.admin.faults([{ call: 'guests.startJob', subject: id, effect }])
    await refusal(fleet.manager.execute(start, { unit: UNIT, groups: ['vmgroup_3'] }))
    expect(standing(await fleet.manager.units.get(UNIT))[3]).toBe('vmgroup_3/app/0 fault(starting) none 1')
    const repair = { unit: UNIT, server: '192.168.1.104', by: 'repair' } as const
    expect((await refusal(fleet.manager.execute(recoverServer, repair))).code).toBe('ERR_RUN_FAILED')
    expect(standing(await fleet.manager.units.get(UNIT))[3]).toBe('vmgroup_3/app/0 fault(stopping) none 1')
    await fleet.world.admin.faults([])
    const from = await mark(fleet.world)
    await fleet.manager.execute(recoverServer, repair)
    expect(standing(await fleet.manager.units.get(UNIT))[3]).toBe('vmgroup_3/app/0 working none 1')
    expect(await touched(fleet, from)).toEqual(new Set(['vmgroup_3/app/0']))
    expect((await machineOf(fleet, 'vmgroup_3/app/0')).id, 'the machine stays').toBe(id)
  })

  it('switches a machine that went off on again, builds and starts it', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const { id } = await machineOf(fleet, SLOT)
    await fleet.world.admin.setPower(id, 'off')
    const from = await mark(fleet.world)
    const { outcomes } = await fleet.manager.execute(recoverServer, { unit: UNIT, server: ADDRESS, by: 'repair' })
    expect(outcomes).toMatchObject([{ server: SLOT, status: 'changed' }])
    expect(await machineOf(fleet, SLOT)).toMatchObject({ id, power: 'on', serving: true })
    expect(standing(await fleet.manager.units.get(UNIT))[0]).toBe(`${SLOT} working in 1`)
    expect(await touched(fleet, from)).toEqual(new Set([SLOT]))
  })

  it('is found by its slot too', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const plan = await fleet.manager.plan(recoverServer, { unit: UNIT, server: SLOT, by: 'repair' })
    expect(plan.servers).toEqual([{ server: SLOT, address: ADDRESS, action: 'restart', reason: 'is working' }])
  })

  it('runs the hook on a server whose first build failed', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    const define = async (hook: string): Promise<void> => {
      const { hash } = await fleet.manager.definitions.add(memoryDefinition(TIERS, { 'hook/pre-setup': hook }))
      await fleet.manager.execute(importDefinition, { unit: UNIT, definition: hash })
    }
    await define('#!/bin/sh\nexit 3')
    await fleet.provide(storyGroups().slice(1, 2), UNIT)
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups().slice(1, 2), adopt: true })
    await refusal(fleet.manager.execute(updateUnit, { unit: UNIT, groups: ['vmgroup_2'] }))
    await define('#!/bin/sh\ntouch /var/lib/hooked')
    await fleet.manager.execute(recoverServer, { unit: UNIT, server: '192.168.1.102', by: 'repair' })
    const { id } = await machineOf(fleet, 'vmgroup_2/combined/0')
    expect(await fleet.world.admin.files(id)).toContain('/var/lib/hooked')
  })

  it('refuses what was never built, what nobody knows, and the last group that serves', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    await fleet.provide(storyGroups().slice(1, 2), UNIT)
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups().slice(1, 2) })
    const recover = (server: string) => () => fleet.manager.execute(recoverServer, { unit: UNIT, server, by: 'repair' })
    await expectRefused(fleet, 'ERR_WRONG_STATE', recover('192.168.1.102'))
    await expectRefused(fleet, 'ERR_NOT_FOUND', recover('192.168.1.199'))
    await expectRefused(fleet, 'ERR_WOULD_INTERRUPT', recover(ADDRESS))
  })
})

describe('recoverServer by replace', () => {
  it('makes a machine of the version of the old one, which is kept for inspection', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await upgrade(fleet)
    const old = await machineOf(fleet, SLOT)
    await fleet.world.admin.setPower(old.id, 'off')
    const from = await mark(fleet.world)
    const plan = await fleet.manager.plan(recoverServer, { unit: UNIT, server: ADDRESS, by: 'replace' })
    expect(plan.servers[0]?.reason).toBe('web-base 1 → 1, is working, its machine is off')
    await (await fleet.manager.start(plan)).result()
    const machines = (await machinesOf(fleet)).get(SLOT) ?? []
    const fresh = machines.find(({ id }) => id !== old.id)
    expect(machines).toHaveLength(2)
    expect(fresh).toMatchObject({ power: 'on', serving: true, addresses: old.addresses })
    expect(machines.find(({ id }) => id === old.id)?.power).toBe('off')
    expect(standing(await fleet.manager.units.get(UNIT))[0], 'not the newest version').toBe(`${SLOT} working in 1`)
    const [group] = (await fleet.manager.units.get(UNIT)).groups
    expect(group?.quarantine).toMatchObject([{ machine: { id: old.id }, reason: 'replaced after a fault: working' }])
    expect(await touched(fleet, from)).toEqual(new Set([SLOT]))
  })

  it('takes another version when that is asked for', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const { version } = await upgrade(fleet)
    await fleet.manager.execute(recoverServer, { unit: UNIT, server: ADDRESS, by: 'replace', version })
    expect(standing(await fleet.manager.units.get(UNIT))[0]).toBe(`${SLOT} working in 2`)
    const unknown = { unit: UNIT, server: ADDRESS, by: 'replace', version: 9 } as const
    await expectRefused(fleet, 'ERR_NOT_FOUND', () => fleet.manager.execute(recoverServer, unknown))
  })

  it('fills a slot whose machine is gone', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const old = await machineOf(fleet, SLOT)
    await fleet.world.admin.removeMachine(old.id)
    const plan = await fleet.manager.plan(recoverServer, { unit: UNIT, server: ADDRESS, by: 'replace' })
    expect(plan.servers[0]?.reason).toBe('web-base 1 → 1, is working, its machine is gone')
    await (await fleet.manager.start(plan)).result()
    expect((await machineOf(fleet, SLOT)).serving).toBe(true)
    expect((await fleet.manager.units.get(UNIT)).groups[0]?.quarantine).toEqual([])
  })

  it('makes nothing while nobody can say whether the old machine is there', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.world.admin.removeMachine((await machineOf(fleet, SLOT)).id)
    await fleet.world.admin.blind(['host-1'])
    const error = await refusal(fleet.manager.execute(recoverServer, { unit: UNIT, server: ADDRESS, by: 'replace' }))
    expect(isVmunitError(error, 'ERR_UNAVAILABLE')).toBe(true)
  })

  it('does not touch a machine that is not ours', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    await fleet.provide(storyGroups().slice(1, 2), UNIT)
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups().slice(1, 2) })
    const foreign = { unit: UNIT, server: '192.168.1.102', by: 'replace' } as const
    await expectRefused(fleet, 'ERR_NOT_ADOPTED', () => fleet.manager.execute(recoverServer, foreign))
  })
})
