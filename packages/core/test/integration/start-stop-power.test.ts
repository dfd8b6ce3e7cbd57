import { power, start, stop } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { expectRefused, refusal } from '../support/refusal.ts'
import { type Mutation, mark, mutationsSince } from '../support/world-log.ts'

const UNIT = 'gyoumu_a'
const SLOTS = ['vmgroup_1/combined/0', 'vmgroup_2/combined/0', 'vmgroup_3/web/0', 'vmgroup_3/app/0']

async function machines(fleet: Fleet) {
  const all = await fleet.world.admin.machines()
  return new Map(all.map((machine) => [machine.marker?.slot ?? machine.name, machine]))
}

async function servers(fleet: Fleet): Promise<ReadonlyMap<string, string>> {
  const { groups } = await fleet.manager.units.get(UNIT)
  return new Map(
    groups.flatMap((group) => group.servers.map(({ slot, status, traffic }) => [slot, `${status} ${traffic}`])),
  )
}

/** Every call of the first kind has ended before the first of the second arrives. */
function expectBefore(
  made: readonly Mutation[],
  earlier: (one: Mutation) => boolean,
  later: (one: Mutation) => boolean,
): void {
  const before = made.filter(earlier)
  const after = made.filter(later)
  expect(before.length).toBeGreaterThan(0)
  expect(after.length).toBeGreaterThan(0)
  expect(Math.max(...before.map(({ seq }) => seq))).toBeLessThan(Math.min(...after.map(({ arrived }) => arrived)))
}

const isJob = ({ call }: Mutation): boolean => call === 'guests.startJob'
const isTraffic = ({ call }: Mutation): boolean => call.startsWith('balancer.')
const isWeb = ({ step }: Mutation): boolean => step?.startsWith('vmgroup_3/web') === true

describe('start and stop', () => {
  it('stop takes the traffic away first, then stops the tiers in reverse start order', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const from = await mark(fleet.world)
    const { outcomes } = await fleet.manager.execute(stop, { unit: UNIT })
    expect(outcomes.map(({ server, status }) => `${server} ${status}`)).toEqual(SLOTS.map((slot) => `${slot} changed`))
    const made = await mutationsSince(fleet.world, from)
    expectBefore(made, isTraffic, isJob)
    expectBefore(made.filter(isJob), isWeb, (one) => !isWeb(one))
    for (const machine of (await machines(fleet)).values()) {
      expect(machine).toMatchObject({ power: 'on', services: [], serving: false })
    }
    expect([...(await servers(fleet)).values()]).toEqual(['stopped out', 'stopped out', 'stopped out', 'stopped none'])
  })

  it('start starts the tiers in start order, each when the one before is healthy, and gives traffic last', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.manager.execute(stop, { unit: UNIT })
    const from = await mark(fleet.world)
    await fleet.manager.execute(start, { unit: UNIT })
    const made = await mutationsSince(fleet.world, from)
    expectBefore(made, isJob, isTraffic)
    expectBefore(made.filter(isJob), (one) => !isWeb(one), isWeb)
    const log = await fleet.world.admin.log({ from })
    const app = (await machines(fleet)).get('vmgroup_3/app/0')!.id
    const healthy = log.find((event) => event.type === 'call' && event.call === 'guests.exec' && event.subject === app)
    expect(healthy?.seq).toBeLessThan(made.filter(isJob).find(isWeb)!.arrived)
    expect((await fleet.world.admin.machines()).every(({ serving }) => serving)).toBe(true)
  })

  it('the second time nothing is done, and every server counts as success', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    for (const operation of [start, stop]) {
      await fleet.manager.execute(operation, { unit: UNIT })
      const from = await mark(fleet.world)
      const { outcomes } = await fleet.manager.execute(operation, { unit: UNIT })
      expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('unchanged'))
      expect(await mutationsSince(fleet.world, from)).toEqual([])
    }
  })

  it('named groups only: the others are neither looked at nor touched', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const from = await mark(fleet.world)
    const { outcomes } = await fleet.manager.execute(stop, { unit: UNIT, groups: ['vmgroup_2'] })
    expect(outcomes.map(({ server }) => server)).toEqual(['vmgroup_2/combined/0'])
    const { id } = (await machines(fleet)).get('vmgroup_2/combined/0')!
    const touched = new Set((await mutationsSince(fleet.world, from)).map(({ subject }) => subject))
    expect(touched).toEqual(new Set(['vmgroup_2/combined/0', id]))
  })

  it('start with unblock: false leaves the traffic away; a later start only gives it', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    await fleet.manager.execute(start, { unit: UNIT, groups: ['vmgroup_1'], unblock: false })
    expect((await servers(fleet)).get('vmgroup_1/combined/0')).toBe('working out')
    const from = await mark(fleet.world)
    await fleet.manager.execute(start, { unit: UNIT, groups: ['vmgroup_1'] })
    const made = await mutationsSince(fleet.world, from)
    expect(made.length).toBeGreaterThan(0)
    expect(made.every(isTraffic)).toBe(true)
    expect((await servers(fleet)).get('vmgroup_1/combined/0')).toBe('working in')
  })

  it('a start that fails is fault(starting), the tiers of the group after it are not started', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.manager.execute(stop, { unit: UNIT })
    const app = (await machines(fleet)).get('vmgroup_3/app/0')!.id
    await fleet.world.admin.writeFile(app, '/etc/application.broken', '')
    const from = await mark(fleet.world)
    const error = await refusal(fleet.manager.execute(start, { unit: UNIT }))
    expect(error.code).toBe('ERR_RUN_FAILED')
    const found = await servers(fleet)
    expect(found.get('vmgroup_3/app/0')).toBe('fault(starting) none')
    expect(found.get('vmgroup_3/web/0')).toBe('stopped out')
    expect((await mutationsSince(fleet.world, from)).filter(isWeb)).toEqual([])
  })

  it('a group that does not start does not keep the other groups from their traffic (spec 3.15)', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.manager.execute(stop, { unit: UNIT })
    const app = (await machines(fleet)).get('vmgroup_3/app/0')!.id
    await fleet.world.admin.writeFile(app, '/etc/application.broken', '')
    await refusal(fleet.manager.execute(start, { unit: UNIT }))
    expect((await servers(fleet)).get('vmgroup_1/combined/0')).toBe('working in')
    expect((await servers(fleet)).get('vmgroup_2/combined/0')).toBe('working in')
  })

  it('a fault is left by repeating what failed, once its cause is gone', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    await fleet.world.admin.faults([
      {
        call: 'guests.startJob',
        subject: (await machines(fleet)).get('vmgroup_1/combined/0')!.id,
        times: 1,
        effect: { type: 'error', code: 'ERR_DRIVER' },
      },
    ])
    const groups = ['vmgroup_1']
    await refusal(fleet.manager.execute(start, { unit: UNIT, groups }))
    expect((await servers(fleet)).get('vmgroup_1/combined/0')).toBe('fault(starting) out')
    await fleet.manager.execute(start, { unit: UNIT, groups })
    expect((await servers(fleet)).get('vmgroup_1/combined/0')).toBe('working in')
  })

  it('an application that starts but never becomes healthy is fault(starting) after its time', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    const { id } = (await machines(fleet)).get('vmgroup_1/combined/0')!
    await fleet.world.admin.faults([
      { call: 'guests.exec', subject: id, effect: { type: 'error', code: 'ERR_UNAVAILABLE' } },
    ])
    const error = await refusal(fleet.manager.execute(start, { unit: UNIT, groups: ['vmgroup_1'] }))
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect((await servers(fleet)).get('vmgroup_1/combined/0')).toBe('fault(starting) out')
  })
})

describe('power', () => {
  it('refuses to switch off what runs', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const error = await expectRefused(fleet, 'ERR_WRONG_STATE', () =>
      fleet.manager.execute(power, { unit: UNIT, to: 'off' }),
    )
    expect(error.message).toMatch(/stop/i)
  })

  it('switches machines off by their guests, and on until these answer; the second time nothing', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.manager.execute(stop, { unit: UNIT })
    for (const to of ['off', 'on'] as const) {
      const from = await mark(fleet.world)
      const { outcomes } = await fleet.manager.execute(power, { unit: UNIT, to })
      expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('changed'))
      expect((await fleet.world.admin.machines()).map((machine) => machine.power)).toEqual(Array(4).fill(to))
      expect((await mutationsSince(fleet.world, from)).map(({ call }) => call)).toEqual(
        Array(4).fill('hypervisor.power'),
      )
      const again = await mark(fleet.world)
      await fleet.manager.execute(power, { unit: UNIT, to })
      expect(await mutationsSince(fleet.world, again)).toEqual([])
    }
    await fleet.manager.execute(start, { unit: UNIT })
    expect((await fleet.world.admin.machines()).every(({ serving }) => serving)).toBe(true)
  })
})
