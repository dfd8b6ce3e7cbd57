import { attachGroups, detachGroups, importDefinition, type Manager, start, stop, updateUnit } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { DETACH_GROUPS_ROWS } from '../spec-rows/detach-groups.ts'
import { rowOf, titleOf } from '../spec-rows/spec-row.ts'
import { BALANCER_ROWS, START_ROWS, STOP_ROWS } from '../spec-rows/start-stop.ts'
import { expectRow } from '../support/expect-row.ts'
import { createFleet, type Fleet, QUICK, storyGroups, TIERS } from '../support/fleet.ts'
import { memoryDefinition } from '../support/memory-definition.ts'
import { putMark } from '../support/put-mark.ts'
import { putStatus } from '../support/put-status.ts'
import { expectRefused } from '../support/refusal.ts'
import { machineOf, SLOTS, standing, UNIT } from '../support/story.ts'
import { applicationOrder, mark, mutationsSince } from '../support/world-log.ts'

const ROWS = [...DETACH_GROUPS_ROWS, ...START_ROWS, ...STOP_ROWS, ...BALANCER_ROWS]
const row = (number: string) => rowOf(ROWS, number)
const title = (number: string): string => titleOf(row(number))
const ONE = { unit: UNIT, groups: ['vmgroup_1'] }
const TWO = storyGroups().slice(0, 2)
const THREE = { unit: UNIT, groups: ['vmgroup_3'] }

type Work = (manager: Manager, input: { readonly unit: string; readonly groups: readonly string[] }) => Promise<unknown>

const starting: Work = async (manager, input) => await manager.execute(start, input)
const stopping: Work = async (manager, input) => await manager.execute(stop, input)
const detaching: Work = async (manager, input) => await manager.execute(detachGroups, input)

/** Lets jobs of some servers fail. */
async function failJobs(fleet: Fleet, slots: readonly string[]): Promise<void> {
  const effect = { type: 'error', code: 'ERR_DRIVER' } as const
  const ids = await Promise.all(slots.map(async (slot) => (await machineOf(fleet, slot)).id))
  await fleet.world.admin.faults(ids.map((subject) => ({ call: 'guests.startJob', subject, effect })))
}

/** The jobs of a run that began since a mark, in their order. */
async function jobsSince({ world }: Fleet, from: number): Promise<readonly string[]> {
  return applicationOrder(await mutationsSince(world, from)).filter((line) => line.startsWith('job '))
}

const poolsOf = async (fleet: Fleet): Promise<readonly string[]> =>
  (await fleet.world.admin.pools()).flatMap(({ name, members }) =>
    members.map(({ slot, traffic }) => `${name} ${slot} ${traffic}`),
  )

describe('rows that start, stop and detach share', () => {
  const shared: readonly (readonly [string, Work, string])[] = [
    ['3.15.7', starting, 'unit'],
    ['3.16.5', stopping, 'unit'],
    ['3.13.1', detaching, 'unit'],
    ['3.15.8', starting, 'group'],
    ['3.16.6', stopping, 'group'],
    ['3.13.2', detaching, 'group'],
  ]
  it.each(shared.map(([number, work, what]) => [title(number), number, work, what] as const))(
    '%s',
    async (_, number, work, what) => {
      await using fleet = await createFleet()
      await fleet.build(UNIT, TWO)
      const input = what === 'unit' ? { ...ONE, unit: 'nobody' } : { ...ONE, groups: ['vmgroup_1', 'vmgroup_9'] }
      await expectRow(row(number), work(fleet.manager, input))
    },
  )

  const claimed: readonly (readonly [string, Work])[] = [
    ['3.15.9', starting],
    ['3.16.7', stopping],
    ['3.13.5', detaching],
  ]
  it.each(claimed.map(([number, work]) => [title(number), number, work] as const))('%s', async (_, number, work) => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, TWO)
    // Each of them has something to do: nothing is claimed for a group that needs no change.
    if (work !== stopping) await fleet.manager.execute(stop, ONE)
    const other = work === stopping ? await fleet.manager.plan(stop, ONE) : await fleet.manager.plan(start, ONE)
    const run = await fleet.manager.start(other, { approval: 'required' })
    await expectRow(row(number), work(fleet.manager, ONE))
    await run.cancel('enough')
  })
})

describe('start', () => {
  it(title('3.15.2'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, TWO)
    await expectRow(row('3.15.2'), fleet.manager.execute(start, { unit: UNIT }))
  })

  it.each(['3.15.3', '3.15.4'].map((number) => [title(number), number] as const))('%s', async (_, number) => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, TWO)
    await fleet.manager.execute(stop, { unit: UNIT })
    const slots = ['vmgroup_1/combined/0', 'vmgroup_2/combined/0']
    await failJobs(fleet, number === '3.15.3' ? slots.slice(0, 1) : slots)
    await expectRow(row(number), fleet.manager.execute(start, { unit: UNIT }))
  })

  it(title('3.15.5'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, TWO)
    await fleet.manager.execute(stop, ONE)
    await putMark(fleet, 'vmgroup_1')
    await expectRow(row('3.15.5'), fleet.manager.execute(start, ONE))
  })

  it(title('3.15.6'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, TWO.slice(1))
    await fleet.provide(TWO.slice(0, 1), UNIT)
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: TWO.slice(0, 1) })
    await expectRow(row('3.15.6'), fleet.manager.execute(start, ONE))
  })
})

describe('start, of servers that it refuses', () => {
  it.each([
    ['fault(updating)', 'Update it first'],
    ['stopping', 'Stop it first'],
  ] as const)('says of one that is %s: %s', async (status, remedy) => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, TWO)
    await putStatus(fleet, 'vmgroup_1', status)
    const refused = expectRefused(fleet, 'ERR_WRONG_STATE', () => fleet.manager.execute(start, ONE))
    expect((await refused).message).toContain(`192.168.1.101 is ${status}. ${remedy}`)
  })
})

describe('start, tier by tier', () => {
  it(title('3.15.10'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.manager.execute(stop, { unit: UNIT })
    await failJobs(fleet, ['vmgroup_3/app/0'])
    await expectRow(row('3.15.10'), fleet.manager.execute(start, { unit: UNIT }))
    expect(standing(await fleet.manager.units.get(UNIT))).toEqual([
      'vmgroup_1/combined/0 working in 1',
      'vmgroup_2/combined/0 working in 1',
      'vmgroup_3/web/0 stopped out 1',
      'vmgroup_3/app/0 fault(starting) none 1',
    ])
  })

  it(title('3.15.11'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.manager.execute(stop, { unit: UNIT })
    const from = await mark(fleet.world)
    await expectRow(row('3.15.11'), fleet.manager.execute(start, THREE))
    expect(await jobsSince(fleet, from)).toEqual(['job vmgroup_3/app/0/start', 'job vmgroup_3/web/0/start'])
  })

  it(`${title('3.15.14')}, and stops after it`, async () => {
    await using fleet = await createFleet()
    await fleet.build(
      UNIT,
      storyGroups(),
      TIERS.map((tier) => ({ ...tier, startOrder: 0 })),
    )
    const from = await mark(fleet.world)
    await fleet.manager.execute(stop, THREE)
    await expectRow(row('3.15.14'), fleet.manager.execute(start, THREE))
    const jobs = ['web/0/stop', 'app/0/stop', 'app/0/start', 'web/0/start']
    expect(await jobsSince(fleet, from)).toEqual(jobs.map((job) => `job vmgroup_3/${job}`))
  })

  it(title('3.15.12'), async () => {
    await using fleet = await createFleet({ timing: { ...QUICK, retryForMs: 100, lookForMs: 100 } })
    await fleet.build(UNIT, TWO)
    await fleet.manager.execute(stop, ONE)
    await fleet.world.admin.setPower((await machineOf(fleet, SLOTS[0])).id, 'off')
    await expectRow(row('3.15.12'), fleet.manager.execute(start, ONE))
    expect((await machineOf(fleet, SLOTS[0])).power, 'start is no matter of power').toBe('off')
    expect(standing(await fleet.manager.units.get(UNIT))[0]).toContain('fault(starting)')
  })
})

describe('stop', () => {
  it(title('3.16.1'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, TWO)
    await fleet.manager.execute(stop, ONE)
    await expectRow(row('3.16.1'), fleet.manager.execute(stop, ONE))
  })

  it.each(['3.16.2', '3.16.3'].map((number) => [title(number), number] as const))('%s', async (_, number) => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, TWO)
    const slots = ['vmgroup_1/combined/0', 'vmgroup_2/combined/0']
    await failJobs(fleet, number === '3.16.2' ? slots.slice(0, 1) : slots)
    await expectRow(row(number), fleet.manager.execute(stop, { unit: UNIT }))
  })

  it(title('3.16.4'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, TWO)
    await putMark(fleet, 'vmgroup_1')
    await expectRow(row('3.16.4'), fleet.manager.execute(stop, ONE))
  })
})

describe('stop, tier by tier', () => {
  it(title('3.16.8'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const from = await mark(fleet.world)
    await expectRow(row('3.16.8'), fleet.manager.execute(stop, THREE))
    expect(await jobsSince(fleet, from)).toEqual(['job vmgroup_3/web/0/stop', 'job vmgroup_3/app/0/stop'])
    expect((await fleet.world.admin.machines()).map(({ power }) => power)).toEqual(Array(4).fill('on'))
  })

  it(title('3.16.9'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, TWO)
    const effect = { type: 'error', code: 'ERR_DRIVER' } as const
    await fleet.world.admin.faults([{ call: 'balancer.traffic', effect }])
    const from = await mark(fleet.world)
    await expectRow(row('3.16.9'), fleet.manager.execute(stop, ONE))
    expect(await jobsSince(fleet, from), 'nothing stops that still gets traffic').toEqual([])
    expect((await machineOf(fleet, SLOTS[0])).serving).toBe(true)
  })
})

describe('detach', () => {
  it(title('3.13.3'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, TWO)
    await expectRow(row('3.13.3'), fleet.manager.execute(detachGroups, ONE))
  })

  it(title('3.13.4'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, TWO)
    await fleet.manager.execute(stop, ONE)
    const effect = { type: 'error', code: 'ERR_DRIVER' } as const
    await fleet.world.admin.faults([{ call: 'balancer.removeMember', effect }])
    await expectRow(row('3.13.4'), fleet.manager.execute(detachGroups, ONE))
    expect((await fleet.manager.units.get(UNIT)).groups.map(({ name }) => name)).toEqual(['vmgroup_1', 'vmgroup_2'])
  })
})

describe('the load balancer', () => {
  it(title('3.21.1'), async () => {
    await using fleet = await createFleet()
    await fleet.provide(storyGroups(), UNIT)
    await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
    const { hash } = await fleet.manager.definitions.add(memoryDefinition(TIERS, {}))
    await fleet.manager.execute(importDefinition, { unit: UNIT, definition: hash })
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups(), adopt: true })
    expect(await poolsOf(fleet)).toEqual([])
    await expectRow(row('3.21.1'), fleet.manager.execute(updateUnit, { unit: UNIT }))
    expect((await poolsOf(fleet)).toSorted()).toEqual([
      'gyoumu_a vmgroup_1/combined/0 out',
      'gyoumu_a vmgroup_2/combined/0 out',
      'gyoumu_a-web vmgroup_3/web/0 out',
    ])
    const servers = (await fleet.manager.units.get(UNIT)).groups.flatMap((group) => group.servers)
    expect(servers.map(({ traffic }) => traffic)).toEqual(['out', 'out', 'out', 'none'])
  })

  it.each(['3.21.3', '3.21.4'].map((number) => [title(number), number] as const))('%s', async (_, number) => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, TWO)
    if (number === '3.21.3') await fleet.manager.execute(stop, ONE)
    const from = await mark(fleet.world)
    await expectRow(row(number), fleet.manager.execute(number === '3.21.3' ? start : stop, ONE))
    const calls = (await mutationsSince(fleet.world, from)).map(({ call }) => call)
    const job = calls.indexOf('guests.startJob')
    if (number === '3.21.3') expect(calls.indexOf('balancer.traffic')).toBeGreaterThan(job)
    else expect(calls.lastIndexOf('balancer.traffic')).toBeLessThan(job)
  })

  it(title('3.21.5'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, TWO)
    await fleet.manager.execute(stop, ONE)
    await expectRow(row('3.21.5'), fleet.manager.execute(detachGroups, ONE))
    expect(await poolsOf(fleet)).toEqual(['gyoumu_a vmgroup_2/combined/0 in'])
  })
})
