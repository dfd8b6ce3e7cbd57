import { applyTemplate } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, storyGroups } from '../support/fleet.ts'
import { expectRefused, refusal } from '../support/refusal.ts'
import { breakVersion, machineOf, machinesOf, SLOTS, standing, UNIT, upgrade } from '../support/story.ts'
import { type Mutation, mark, mutationsSince } from '../support/world-log.ts'

const WHOLE = { unit: UNIT, whole: true, allowOutage: true } as const

type Is = (made: Mutation) => boolean
const job =
  (verb: string, part = ''): Is =>
  ({ call, step }) =>
    call === 'guests.startJob' && step?.includes(part) === true && step.includes(`/${verb}`)
const call =
  (name: string): Is =>
  (made) =>
    made.call === name

/** Each part has ended everywhere before the next begins anywhere. */
function expectBarriers(made: readonly Mutation[], parts: Readonly<Record<string, Is>>): void {
  const seen = Object.entries(parts).map(([name, is]) => ({ name, made: made.filter(is) }))
  seen.forEach(({ name, made: own }, index) => {
    expect(own.length, name).toBeGreaterThan(0)
    const next = seen[index + 1]
    if (next === undefined) return
    const end = Math.max(...own.map(({ seq }) => seq))
    expect(end, `${name} ends before ${next.name}`).toBeLessThan(Math.min(...next.made.map(({ arrived }) => arrived)))
  })
}

describe('applyTemplate, whole', () => {
  it('needs allowOutage', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const template = await upgrade(fleet)
    const error = await expectRefused(fleet, 'ERR_WOULD_INTERRUPT', () =>
      fleet.manager.execute(applyTemplate, { unit: UNIT, template, whole: true }),
    )
    expect(error.message).toContain('allowOutage')
    await expectRefused(fleet, 'ERR_INVALID_INPUT', () =>
      fleet.manager.execute(applyTemplate, { ...WHOLE, template, waves: [{ groups: 1 }] }),
    )
  })

  it('goes through the thirteen steps with a barrier after each, in tier order', async () => {
    await using fleet = await createFleet({ latencyMs: { create: 20, power: 5, exec: 2 } })
    await fleet.build(UNIT, storyGroups())
    const template = await upgrade(fleet)
    const old = new Set((await fleet.world.admin.machines()).map(({ id }) => id))
    const from = await mark(fleet.world)
    const { outcomes } = await fleet.manager.execute(applyTemplate, { ...WHOLE, template })
    expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('changed'))
    const made = await mutationsSince(fleet.world, from)
    expect(made.filter(({ outcome }) => outcome !== 'ok')).toEqual([])
    const created = made.filter(call('hypervisor.create'))[0]!.arrived
    const isWeb: Is = ({ step }) => step?.includes('/web/') === true
    expectBarriers(made, {
      block: (one) => call('balancer.traffic')(one) && one.seq < created,
      'stop web': job('stop', '/web/'),
      'stop combined and app': (one) => job('stop')(one) && !isWeb(one),
      'shut down': (one) => call('hypervisor.power')(one) && old.has(one.subject) && one.seq < created,
      provide: call('hypervisor.create'),
      'power on': (one) => call('hypervisor.power')(one) && !old.has(one.subject),
      'update combined': (one) =>
        call('guests.push')(one) || (job('pre-setup')(one) && !isWeb(one)) ? !isLastPush(made, one) : false,
      'update web': job('pre-setup', '/web/'),
      'start combined and app': (one) => job('start')(one) && !isWeb(one),
      'start web': job('start', '/web/'),
      unblock: (one) => call('balancer.traffic')(one) && one.seq > created,
      'return old': call('hypervisor.remove'),
    })
    expect(standing(await fleet.manager.units.get(UNIT))).toEqual([
      'vmgroup_1/combined/0 working in 2',
      'vmgroup_2/combined/0 working in 2',
      'vmgroup_3/web/0 working in 2',
      'vmgroup_3/app/0 working none 1',
    ])
    expect(await fleet.world.admin.machines()).toHaveLength(4)
    expect((await fleet.world.admin.machines()).every(({ serving }) => serving)).toBe(true)
  })

  it('keeps the old machines, switched off, until the new unit serves', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const template = await upgrade(fleet)
    const from = await mark(fleet.world)
    await fleet.manager.execute(applyTemplate, { ...WHOLE, template })
    const log = await fleet.world.admin.log({ from })
    const serves = log.filter((event) => event.type === 'serving' && event.serving).map(({ seq }) => seq)
    const removed = (await mutationsSince(fleet.world, from)).filter(call('hypervisor.remove'))
    expect(removed).toHaveLength(3)
    for (const { arrived } of removed) expect(arrived).toBeGreaterThan(Math.max(...serves))
  })

  it('when the new version is broken, everything goes back to the old machines and serves again', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const before = await machinesOf(fleet)
    const records = standing(await fleet.manager.units.get(UNIT))
    const template = await breakVersion(fleet)
    const from = await mark(fleet.world)
    const error = await refusal(fleet.manager.execute(applyTemplate, { ...WHOLE, template }))
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect(standing(await fleet.manager.units.get(UNIT))).toEqual(records)
    const after = await machinesOf(fleet)
    for (const slot of SLOTS) {
      const old = after.get(slot)?.find(({ id }) => id === before.get(slot)?.[0]?.id)
      expect(old, slot).toMatchObject({ power: 'on', serving: true })
    }
    expect((await mutationsSince(fleet.world, from)).filter(call('hypervisor.remove'))).toEqual([])
    const { groups } = await fleet.manager.units.get(UNIT)
    const kept = groups.flatMap(({ quarantine }) => quarantine.map(({ slot }) => slot))
    expect(kept.sort()).toEqual(SLOTS.slice(0, 3))
    const outcomes = SLOTS.map((server, index) => ({ server, status: index < 3 ? 'quarantined' : 'failed' }))
    expect(error.details['outcomes']).toMatchObject(outcomes)
  })

  it("returnOld 'first' removes the old machines first, and its plan says that there is no way back", async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const template = await upgrade(fleet)
    const plan = await fleet.manager.plan(applyTemplate, { ...WHOLE, template, returnOld: 'first' })
    expect(plan.notes.join()).toMatch(/no way back/)
    expect(plan.back).toEqual([])
    const from = await mark(fleet.world)
    await (await fleet.manager.start(plan)).result()
    expectBarriers(await mutationsSince(fleet.world, from), {
      return: call('hypervisor.remove'),
      provide: call('hypervisor.create'),
    })
    expect((await fleet.world.admin.machines()).every(({ serving }) => serving)).toBe(true)
  })

  it("returnOld 'first' with a broken version leaves the new machines as they are", async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const template = await breakVersion(fleet)
    const input = { ...WHOLE, template, returnOld: 'first' } as const
    const error = await refusal(fleet.manager.execute(applyTemplate, input))
    expect(error.code).toBe('ERR_RUN_FAILED')
    const status = standing(await fleet.manager.units.get(UNIT))
    expect(status.filter((line) => line.includes('fault(starting)')).length).toBeGreaterThan(0)
    expect((await machineOf(fleet, SLOTS[0])).lineage).toHaveLength(2)
  })

  it('for some groups only', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const template = await upgrade(fleet)
    const groups = ['vmgroup_1', 'vmgroup_3']
    await fleet.manager.execute(applyTemplate, { ...WHOLE, template, groups })
    expect(standing(await fleet.manager.units.get(UNIT)).map((line) => line.slice(-1))).toEqual(['2', '1', '2', '1'])
  })
})

/** The push of the tier that is updated last goes with that tier's other steps. */
function isLastPush(made: readonly Mutation[], one: Mutation): boolean {
  return one === made.filter(call('guests.push')).at(-1)
}
