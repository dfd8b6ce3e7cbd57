import { requestResources, start, stop } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { machineOf, SLOTS, UNIT } from '../support/story.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

async function prepare(): Promise<Fleet> {
  const fleet = await createFleet()
  await fleet.build(UNIT, storyGroups())
  return fleet
}

/** `part server state` of each fault. */
async function faultsOf(fleet: Fleet, groups?: readonly string[]): Promise<readonly string[]> {
  const { faults } = await fleet.manager.diagnose({ unit: UNIT, ...(groups !== undefined && { groups }) })
  for (const { says, remedy } of faults) expect([says, remedy].every((text) => text !== '')).toBe(true)
  return faults.map(({ part, server = 'all', state }) => `${part} ${server} ${state}`)
}

describe('diagnose', () => {
  it('a unit that is well: every part was looked at, nothing was changed', async () => {
    await using fleet = await prepare()
    const from = await mark(fleet.world)
    const { findings, faults } = await fleet.manager.diagnose({ unit: UNIT })
    expect(faults).toEqual([])
    expect(await mutationsSince(fleet.world, from)).toEqual([])
    const parts = (server: string | undefined) =>
      findings.filter((one) => one.server === server).map(({ part }) => part)
    expect(parts(undefined)).toEqual(['manager', 'hypervisor'])
    expect(parts(SLOTS[0])).toEqual(['machine', 'guestAccess', 'application', 'balancer'])
    expect(parts(SLOTS[3]), 'a tier without a pool').toEqual(['machine', 'guestAccess', 'application'])
  })

  it('a machine that is off, or gone', async () => {
    await using fleet = await prepare()
    const { admin } = fleet.world
    await admin.setPower((await machineOf(fleet, SLOTS[0])).id, 'off')
    await admin.removeMachine((await machineOf(fleet, SLOTS[1])).id)
    expect(await faultsOf(fleet)).toEqual([`machine ${SLOTS[0]} fault`, `machine ${SLOTS[1]} fault`])
  })

  it('one guest that does not answer is its own fault; when none does, the network is suspected', async () => {
    await using fleet = await prepare()
    const { admin } = fleet.world
    await admin.faults([
      { call: 'guests.open', subject: '192.168.1.101', effect: { type: 'error', code: 'ERR_UNAVAILABLE' } },
    ])
    expect(await faultsOf(fleet)).toEqual([`guestAccess ${SLOTS[0]} fault`])
    await admin.faults([{ call: 'guests.open', effect: { type: 'error', code: 'ERR_UNAVAILABLE' } }])
    expect(await faultsOf(fleet)).toEqual(SLOTS.map((slot) => `network ${slot} fault`))
  })

  it('a guest that does not let us in', async () => {
    await using fleet = await prepare()
    await fleet.world.admin.faults([
      { call: 'guests.open', subject: '192.168.1.102', effect: { type: 'error', code: 'ERR_UNAUTHENTICATED' } },
    ])
    const { faults } = await fleet.manager.diagnose({ unit: UNIT })
    expect(faults).toMatchObject([{ part: 'guestAccess', server: SLOTS[1], remedy: expect.stringContaining('key') }])
  })

  it('an application that should serve and does not', async () => {
    await using fleet = await prepare()
    const { id } = await machineOf(fleet, SLOTS[1])
    await fleet.world.admin.setPower(id, 'off')
    await fleet.world.admin.setPower(id, 'on')
    expect(await faultsOf(fleet)).toEqual([`application ${SLOTS[1]} fault`])
  })

  it('a server that failed to start', async () => {
    await using fleet = await prepare()
    const { manager, world } = fleet
    await manager.execute(stop, { unit: UNIT, groups: ['vmgroup_2'] })
    await world.admin.writeFile((await machineOf(fleet, SLOTS[1])).id, '/etc/application.broken', '')
    await manager.execute(start, { unit: UNIT, groups: ['vmgroup_2'] }).catch(() => {})
    expect(await faultsOf(fleet, ['vmgroup_2'])).toEqual([`application ${SLOTS[1]} fault`])
  })

  it('a balancer that somebody changed by hand', async () => {
    await using fleet = await prepare()
    await fleet.world.as('somebody').balancer.traffic('gyoumu_a', SLOTS[0], 'out')
    expect(await faultsOf(fleet)).toEqual([`balancer ${SLOTS[0]} fault`])
  })

  it('a hypervisor of which a part, or everything, does not answer', async () => {
    await using fleet = await prepare()
    await fleet.world.admin.faults([
      { call: 'hypervisor.inventory', effect: { type: 'error', code: 'ERR_UNAVAILABLE' } },
    ])
    expect(await faultsOf(fleet)).toEqual(['hypervisor all fault', ...SLOTS.map((slot) => `machine ${slot} unknown`)])
  })

  it('a run that nobody moves', async () => {
    await using fleet = await prepare()
    const { manager } = fleet
    const groups = [{ name: 'vmgroup_9', servers: [{ tierId: 'combined' }] }]
    const request = { kind: 'provideServers', unit: UNIT, template: 'web-base', version: 1, groups } as const
    const period = { from: Date.now(), until: Date.now() + 60_000 }
    const run = await manager.start(await manager.plan(requestResources, { request, ...period, by: 'person' }))
    await run.until('waiting')
    expect(await faultsOf(fleet), 'waiting for people is no fault').toEqual([])
    await run.pause()
    const { faults } = await manager.diagnose({ unit: UNIT })
    expect(faults).toMatchObject([{ part: 'manager', state: 'fault', remedy: expect.stringContaining(run.id) }])
  })

  it('is for those who may use the unit', async () => {
    await using fleet = await prepare()
    const stranger = fleet.manager.as({ name: 'user_z', role: 'builder' })
    await expect(stranger.diagnose({ unit: UNIT })).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  })
})
