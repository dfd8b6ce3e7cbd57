import { applyTemplate, isVmunitError, patchTemplate } from '@vmunit/core'
import type { FaultRule } from '@vmunit/core/testing'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { machinesOf, SLOTS, standing, UNIT } from '../support/story.ts'
import { fewestServing, mark, mutationsSince, servingMoments } from '../support/world-log.ts'

const COMMANDS = [['dnf', '-y', 'upgrade', '--security']] as const

/** Patches and rolls under these faults, to the end that the same work has without any. */
async function story(fleet: Fleet, faults: readonly FaultRule[]): Promise<number> {
  const { manager, world } = fleet
  await fleet.build(UNIT, storyGroups())
  const from = await mark(world)
  await world.admin.faults(faults)
  const patch = { template: 'web-base', commands: COMMANDS }
  const patching = await persistently(async () => await manager.start(await manager.plan(patchTemplate, patch)))
  const { version } = await patching.result()
  const input = { unit: UNIT, template: version, allowOutage: true }
  const rolling = await persistently(async () => await manager.start(await manager.plan(applyTemplate, input)))
  await rolling.result()
  await world.admin.faults([])
  return from
}

/** Repeats what was refused before anything changed: a look that failed. */
async function persistently<T>(begin: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await begin()
    } catch (error) {
      if (!isVmunitError(error, 'ERR_UNAVAILABLE') || !error.retryable) throw error
    }
  }
}

async function expectStoryEnd(fleet: Fleet, from: number): Promise<void> {
  const { manager, world } = fleet
  expect(standing(await manager.units.get(UNIT))).toEqual([
    'vmgroup_1/combined/0 working in 2',
    'vmgroup_2/combined/0 working in 2',
    'vmgroup_3/web/0 working in 2',
    'vmgroup_3/app/0 working none 1',
  ])
  const machines = await world.admin.machines()
  expect(machines.map(({ serving, power, creating }) => ({ serving, power, creating }))).toEqual(
    Array(4).fill({ serving: true, power: 'on', creating: false }),
  )
  const own = await machinesOf(fleet)
  for (const slot of SLOTS) {
    const [machine, ...others] = own.get(slot) ?? []
    expect(others, `one machine in ${slot}`).toEqual([])
    const host = { [SLOTS[0]]: 101, [SLOTS[1]]: 102, [SLOTS[2]]: 103, [SLOTS[3]]: 104 }[slot]
    expect(machine?.addresses).toEqual([`192.168.1.${host}`, `192.168.2.${host}`])
    if (slot === SLOTS[3]) continue
    const installed = await world.admin.readFile(machine!.id, '/var/log/packages.log')
    expect(installed, 'installed once').toBe('dnf -y upgrade --security\n')
  }
  expect(await world.admin.images()).toHaveLength(3)
  const members = (await world.admin.pools()).flatMap((pool) => pool.members)
  expect(members.map(({ slot, traffic }) => `${slot} ${traffic}`).sort()).toEqual(
    SLOTS.slice(0, 3).map((slot) => `${slot} in`),
  )
  const took = (await mutationsSince(world, from)).filter(({ outcome }) => outcome === 'ok')
  for (const call of ['hypervisor.create', 'hypervisor.images.publish']) {
    const ids = took.filter((one) => one.call === call).map(({ operationId }) => operationId)
    expect(new Set(ids).size, `${call} under each operation id`).toBe(call === 'hypervisor.create' ? 4 : 1)
  }
  const removed = took.filter(({ call }) => call === 'hypervisor.remove').map(({ subject }) => subject)
  expect(new Set(removed).size).toBeLessThanOrEqual(4)
  const moments = servingMoments(await world.admin.log(), { unit: UNIT, slots: SLOTS })
  expect(fewestServing(moments, from)).toBe(2)
}

describe('a lost answer', () => {
  const calls = [
    'hypervisor.create',
    'hypervisor.power',
    'hypervisor.remove',
    'hypervisor.images.publish',
    'guests.startJob',
    'guests.push',
    'balancer.traffic',
    'balancer.ensureMember',
  ]
  it.each(calls)('of every first %s does nothing twice', async (call) => {
    await using fleet = await createFleet()
    const from = await story(fleet, [{ call, times: 3, effect: { type: 'lostAnswer' } }])
    const lost = (await fleet.world.admin.log({ from })).filter((event) => event.type === 'call' && event.lost === true)
    expect(lost.length, 'the fault struck').toBeGreaterThan(0)
    await expectStoryEnd(fleet, from)
  })

  it('of an adoption adopts once', async () => {
    await using fleet = await createFleet()
    await fleet.world.admin.faults([{ call: 'hypervisor.adopt', times: 2, effect: { type: 'lostAnswer' } }])
    const from = await story(fleet, [])
    await expectStoryEnd(fleet, from)
    const adoptions = (await fleet.world.admin.log()).filter(
      (event) => event.type === 'call' && event.call === 'hypervisor.adopt' && event.outcome === 'ok',
    )
    expect(adoptions).toHaveLength(4)
  })
})

describe('random errors', () => {
  it.each(Array.from({ length: 10 }, (_, index) => index + 1))(
    'on some of all calls, seed %i: the same end',
    async (seed) => {
      await using fleet = await createFleet({ seed })
      const from = await story(fleet, [
        { call: '*', probability: 0.05, effect: { type: 'error', code: 'ERR_UNAVAILABLE' } },
        { call: '*', probability: 0.03, effect: { type: 'lostAnswer' } },
      ])
      await expectStoryEnd(fleet, from)
    },
  )
})
