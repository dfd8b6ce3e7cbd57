import {
  applyTemplate,
  attachGroups,
  formatPlan,
  type GroupDeclaration,
  isVmunitError,
  patchTemplate,
  stop,
} from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups, TIERS } from '../support/fleet.ts'
import { tierOf } from '../support/memory-definition.ts'
import { putStatus } from '../support/put-status.ts'
import { expectRefused, refusal } from '../support/refusal.ts'
import { actions, breakVersion, machineOf, machinesOf, SLOTS, standing, UNIT, upgrade } from '../support/story.ts'
import { fewestServing, mark, mutationsSince, servingMoments } from '../support/world-log.ts'

/** So many groups of one combined server each. */
function combinedGroups(count: number): readonly GroupDeclaration[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `g${index + 1}`,
    servers: [{ tierId: 'combined', address: `192.168.1.${index + 11}`, port: 20580 }],
  }))
}

const slotsOf = (groups: readonly GroupDeclaration[]): readonly string[] =>
  groups.map(({ name }) => `${name}/combined/0`)

/** A unit of combined servers, and the version that it is to be brought to. */
async function row(fleet: Fleet, count: number): Promise<readonly string[]> {
  const groups = combinedGroups(count)
  await fleet.build(UNIT, groups, TIERS)
  return slotsOf(groups)
}

describe('applyTemplate, rolling', () => {
  it('brings a patched version to every group while the others serve, and touches nothing else', async () => {
    await using fleet = await createFleet()
    const { manager, world } = fleet
    await fleet.build(UNIT, storyGroups())
    const pool = (tier: (typeof TIERS)[number]) =>
      tier.balancer === undefined ? tier : { ...tier, balancer: { ...tier.balancer, pool: `b-${tier.id}` } }
    await fleet.build('gyoumu_b', storyGroups(7), TIERS.map(pool))
    const [image] = await world.admin.images()
    for (const name of ['gyoumu_a-vmgroup_1-combined-2', 'vmgroup_1-combined-0-0123456789']) {
      await world.admin.addMachine({ name, image: image!.id, addresses: [], power: 'on' })
    }
    const before = await world.admin.machines()
    const others = before.filter(({ marker }) => marker?.unit !== UNIT)
    const old = await machinesOf(fleet)
    const version = await upgrade(fleet)
    expect(version).toEqual({ template: 'web-base', version: 2 })

    const plan = await manager.plan(applyTemplate, { unit: UNIT, template: version, allowOutage: true })
    const from = await mark(world)
    const { outcomes } = await (await manager.start(plan)).result()
    expect(outcomes.map(({ server, status }) => `${server} ${status}`)).toEqual(SLOTS.map((slot) => `${slot} changed`))

    const moments = servingMoments(await world.admin.log(), { unit: UNIT, slots: SLOTS })
    expect(fewestServing(moments, from), 'at least two of three groups serve at every moment').toBe(2)
    expect(moments.at(-1)?.serving.size).toBe(3)

    const images = await world.admin.images()
    const next = images.find(({ template, version: number }) => template === 'web-base' && number === 2)!
    for (const slot of SLOTS.slice(0, 3)) {
      const machine = await machineOf(fleet, slot)
      expect(machine.lineage[0], `${slot} descends from the new version`).toBe(next.id)
      expect(machine.addresses).toEqual(old.get(slot)?.[0]?.addresses)
      expect(await world.admin.readFile(machine.id, '/var/log/packages.log')).toContain('upgrade --security')
      const files = await world.admin.files(machine.id)
      expect(files.filter((path) => path.endsWith('config/server.conf'))).toHaveLength(1)
      expect(files).toContain('/var/lib/prepared')
    }
    expect((await machineOf(fleet, 'vmgroup_3/app/0')).id, 'only restarted').toBe(old.get('vmgroup_3/app/0')?.[0]?.id)

    const after = await world.admin.machines()
    expect(
      after.filter(({ marker }) => marker?.unit !== UNIT),
      'gyoumu_b and foreign machines',
    ).toEqual(others)
    expect(after).toHaveLength(before.length)
    const ids = new Set(others.map(({ id }) => id))
    const made = await mutationsSince(world, from)
    expect(made.filter(({ subject }) => ids.has(subject))).toEqual([])
    expect(standing(await manager.units.get(UNIT))).toEqual([
      'vmgroup_1/combined/0 working in 2',
      'vmgroup_2/combined/0 working in 2',
      'vmgroup_3/web/0 working in 2',
      'vmgroup_3/app/0 working none 1',
    ])

    const again = await mark(world)
    const second = await manager.execute(applyTemplate, { unit: UNIT, template: version })
    expect(second.outcomes.map(({ status }) => status)).toEqual(Array(4).fill('unchanged'))
    expect(await mutationsSince(world, again), 'the second time nothing is done').toEqual([])
  })

  it('restarts servers of another template in tier order', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const version = await upgrade(fleet)
    const from = await mark(fleet.world)
    await fleet.manager.execute(applyTemplate, {
      unit: UNIT,
      template: version,
      groups: ['vmgroup_3'],
      allowOutage: true,
    })
    const steps = (await mutationsSince(fleet.world, from)).flatMap(({ call, step }) =>
      call === 'guests.startJob' ? [step?.replace('vmgroup_3/', '').replace(/@.*/, '')] : [],
    )
    expect(steps).toEqual(['web/0/stop', 'app/0/stop', 'web/0/pre-setup', 'app/0/start', 'web/0/start'])
  })

  it('restarts the servers of a group that another template is brought to', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const version = await upgrade(fleet, 'app-base')
    const plan = await fleet.manager.plan(applyTemplate, { unit: UNIT, template: version, allowOutage: true })
    expect(actions(plan)).toEqual([
      'vmgroup_1/combined/0 none',
      'vmgroup_2/combined/0 none',
      'vmgroup_3/web/0 restart',
      'vmgroup_3/app/0 replace',
    ])
    expect(plan.servers[0]?.reason).toContain('web-base')
  })

  it("replace: 'group' replaces every server of the template in a group that has an old one", async () => {
    await using fleet = await createFleet()
    const { manager, world } = fleet
    const [first, second] = storyGroups()
    const pair = { name: 'pair', servers: [...first!.servers, ...second!.servers] }
    const whole = combinedGroups(1)
    await fleet.build(UNIT, whole)
    const version = await upgrade(fleet)
    const images = (await world.admin.images()).filter(({ template }) => template === 'web-base')
    for (const [index, { address }] of pair.servers.entries()) {
      await world.admin.addMachine({ name: address, image: images[index]!.id, addresses: [address], power: 'on' })
    }
    await manager.execute(attachGroups, { unit: UNIT, groups: [pair], adopt: true })
    const input = { unit: UNIT, template: version, groups: ['pair'] }
    expect(actions(await manager.plan(applyTemplate, input))).toEqual([
      'pair/combined/0 replace',
      'pair/combined/1 none',
    ])
    expect(actions(await manager.plan(applyTemplate, { ...input, replace: 'group' }))).toEqual([
      'pair/combined/0 replace',
      'pair/combined/1 replace',
    ])
    expect(actions(await manager.plan(applyTemplate, { ...input, groups: ['g1'], allowOutage: true }))).toEqual([
      'g1/combined/0 replace',
    ])
  })

  it("replace: 'group' also makes the servers of other templates anew, each from its own current version", async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const version = await upgrade(fleet)
    const before = await machineOf(fleet, 'vmgroup_3/app/0')
    const input = { unit: UNIT, template: version, groups: ['vmgroup_3'], allowOutage: true } as const
    const plan = await fleet.manager.plan(applyTemplate, { ...input, replace: 'group' })
    expect(actions(plan)).toEqual(['vmgroup_3/web/0 replace', 'vmgroup_3/app/0 replace'])
    expect(plan.servers[1]?.reason).toBe('app-base 1 → 1')
    const run = await fleet.manager.start(plan)
    await run.result()
    const after = await machineOf(fleet, 'vmgroup_3/app/0')
    expect(after.id).not.toBe(before.id)
    expect(after).toMatchObject({ image: before.image, serving: true, addresses: before.addresses })
    expect((await fleet.world.admin.machines()).some(({ id }) => id === before.id)).toBe(false)
  })

  it('rolls over two groups one after the other: the first stands in for the second as soon as it is done', async () => {
    await using fleet = await createFleet()
    const tiers = [tierOf({ id: 'combined', type: 'combined-tier', startOrder: 1, template: 'web-base' })]
    await fleet.build(UNIT, combinedGroups(2), tiers)
    const version = await upgrade(fleet)
    const { outcomes } = await fleet.manager.execute(applyTemplate, { unit: UNIT, template: version })
    expect(outcomes.map(({ status }) => status)).toEqual(['changed', 'changed'])
  })

  it('leaves stopped servers stopped', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    const version = await upgrade(fleet)
    await fleet.manager.execute(applyTemplate, { unit: UNIT, template: version, groups: ['vmgroup_1'] })
    expect(standing(await fleet.manager.units.get(UNIT))[0]).toMatch(/^vmgroup_1\/combined\/0 stopped (out|none) 2$/)
    expect(await machineOf(fleet, 'vmgroup_1/combined/0')).toMatchObject({ serving: false, services: [] })
  })

  it('refuses to take the last available group of a tier, unless an outage is allowed', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const version = await upgrade(fleet)
    const input = { unit: UNIT, template: version }
    const error = await expectRefused(fleet, 'ERR_WOULD_INTERRUPT', () => fleet.manager.execute(applyTemplate, input))
    expect(error.message).toContain('web')
    expect(error.message).toContain('allowOutage')
    const plan = await fleet.manager.plan(applyTemplate, { ...input, allowOutage: true })
    expect(plan.notes.join()).toContain('last available group')
    expect(formatPlan(plan)).toContain('last available group')
    const both = { ...input, groups: ['vmgroup_1', 'vmgroup_2'] }
    const waves = [{ groups: '100%' as const }]
    await expectRefused(fleet, 'ERR_WOULD_INTERRUPT', () => fleet.manager.execute(applyTemplate, { ...both, waves }))
    expect((await fleet.manager.plan(applyTemplate, both)).notes).toEqual([])
  })

  it('does not take the last available group when the other one went meanwhile', async () => {
    await using fleet = await createFleet()
    await row(fleet, 2)
    const template = await upgrade(fleet)
    const plan = await fleet.manager.plan(applyTemplate, { unit: UNIT, template, groups: ['g1'] })
    await fleet.manager.execute(stop, { unit: UNIT, groups: ['g2'] })
    const from = await mark(fleet.world)
    const error = await refusal(fleet.manager.start(plan).then(async (run) => await run.result()))
    expect(['ERR_PLAN_STALE', 'ERR_WOULD_INTERRUPT']).toContain(error.code)
    expect(await mutationsSince(fleet.world, from)).toEqual([])
  })

  it('two roll-outs side by side do not take the last two groups at once', async () => {
    await using fleet = await createFleet({ latencyMs: { create: 50 } })
    const slots = await row(fleet, 2)
    const template = await upgrade(fleet)
    const plans = [
      await fleet.manager.plan(applyTemplate, { unit: UNIT, template, groups: ['g1'] }),
      await fleet.manager.plan(applyTemplate, { unit: UNIT, template, groups: ['g2'] }),
    ]
    const from = await mark(fleet.world)
    const starts = plans.map(async (plan) => await (await fleet.manager.start(plan)).result())
    await Promise.allSettled(starts)
    const moments = servingMoments(await fleet.world.admin.log(), { unit: UNIT, slots })
    expect(fewestServing(moments, from)).toBe(1)
  })

  it('refuses versions that do not exist', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    for (const template of [
      { template: 'web-base', version: 9 },
      { template: 'no-such', version: 1 },
    ]) {
      await expectRefused(fleet, 'ERR_NOT_FOUND', () => fleet.manager.execute(applyTemplate, { unit: UNIT, template }))
    }
  })
})

describe('applyTemplate, waves', () => {
  it('a canary soaks before the rest begins, and the rest goes by its share', async () => {
    await using fleet = await createFleet({ latencyMs: { create: 20, power: 10 } })
    const slots = await row(fleet, 5)
    const version = await upgrade(fleet)
    const from = await mark(fleet.world)
    const soakMs = 200
    await fleet.manager.execute(applyTemplate, {
      unit: UNIT,
      template: version,
      waves: [{ groups: 1, soakMs }, { groups: '50%' }],
    })
    const log = await fleet.world.admin.log({ from })
    const canaryServes = log.find((event) => event.type === 'serving' && event.slot === slots[0] && event.serving)!
    const others = log.filter((event) => event.type === 'serving' && event.slot !== slots[0] && !event.serving)
    expect(Math.min(...others.map(({ time }) => time)) - canaryServes.time).toBeGreaterThanOrEqual(soakMs - 5)
    const moments = servingMoments(await fleet.world.admin.log(), { unit: UNIT, slots })
    expect(fewestServing(moments, from), '50 % of five, rounded down, are two at once').toBe(3)
    expect(moments.at(-1)?.serving.size).toBe(5)
  })

  it('when the canary fails nothing else begins', async () => {
    await using fleet = await createFleet()
    const slots = await row(fleet, 4)
    const version = await breakVersion(fleet)
    const from = await mark(fleet.world)
    const waves = [{ groups: 1 }, { groups: 2 }]
    const error = await refusal(fleet.manager.execute(applyTemplate, { unit: UNIT, template: version, waves }))
    expect(error.details['outcomes']).toMatchObject(
      slots.map((server, index) => ({ server, status: index === 0 ? 'quarantined' : 'notStarted' })),
    )
    const moments = servingMoments(await fleet.world.admin.log(), { unit: UNIT, slots })
    expect(fewestServing(moments, from)).toBe(3)
  })

  it('maxFailures lets so many groups fail before it gives up', async () => {
    await using fleet = await createFleet()
    const slots = await row(fleet, 4)
    const version = await upgrade(fleet)
    const waves = [{ groups: 1, maxFailures: 1 }]
    const plan = await fleet.manager.plan(applyTemplate, { unit: UNIT, template: version, waves })
    await fleet.world.admin.faults([
      { call: 'hypervisor.create', subject: slots[1]!, effect: { type: 'error', code: 'ERR_DRIVER' } },
    ])
    const error = await refusal((await fleet.manager.start(plan)).result())
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect(error.details['outcomes']).toMatchObject([
      { server: slots[0], status: 'changed' },
      { server: slots[1], status: 'failed' },
      { server: slots[2], status: 'changed' },
      { server: slots[3], status: 'changed' },
    ])
    expect(standing(await fleet.manager.units.get(UNIT))).toEqual([
      `${slots[0]} working in 2`,
      `${slots[1]} working in 1`,
      `${slots[2]} working in 2`,
      `${slots[3]} working in 2`,
    ])
    expect(await fleet.world.admin.machines()).toHaveLength(4)
  })
})

describe('applyTemplate, whose new machine cannot be made', () => {
  it.each(['stopped', 'fault(updating)', 'initial'] as const)(
    'goes back to a server that was %s, as it stood',
    async (status) => {
      await using fleet = await createFleet()
      const { manager, world } = fleet
      await fleet.build(UNIT, storyGroups())
      const version = await upgrade(fleet)
      await manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
      await putStatus(fleet, 'vmgroup_1', status)
      await world.admin.faults([{ call: 'hypervisor.create', effect: { type: 'error', code: 'ERR_DRIVER' } }])
      await refusal(manager.execute(applyTemplate, { unit: UNIT, template: version, groups: ['vmgroup_1'] }))
      const [server] = (await manager.units.get(UNIT)).groups[0]?.servers ?? []
      expect(server).toMatchObject({ status, templateVersion: 1, machine: { id: expect.any(String) } })
    },
  )
})

describe('applyTemplate, a version whose application does not start', () => {
  it('goes back to the old machine, which serves again, and keeps the new one for inspection', async () => {
    await using fleet = await createFleet()
    const { manager, world } = fleet
    await fleet.build(UNIT, storyGroups())
    const old = await machinesOf(fleet)
    const version = await breakVersion(fleet)
    const from = await mark(world)
    const plan = await manager.plan(applyTemplate, { unit: UNIT, template: version, allowOutage: true })
    const run = await manager.start(plan)
    const error = await refusal(run.result())
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect(error.message).toContain('vmgroup_1')
    expect(isVmunitError(error) && error.details['outcomes']).toMatchObject([
      { server: SLOTS[0], status: 'quarantined' },
      { server: SLOTS[1], status: 'notStarted' },
      { server: SLOTS[2], status: 'notStarted' },
      { server: SLOTS[3], status: 'notStarted' },
    ])
    const unit = await manager.units.get(UNIT)
    expect(standing(unit)).toEqual([
      'vmgroup_1/combined/0 working in 1',
      'vmgroup_2/combined/0 working in 1',
      'vmgroup_3/web/0 working in 1',
      'vmgroup_3/app/0 working none 1',
    ])
    const [kept] = unit.groups[0]!.quarantine
    expect(unit.groups.flatMap(({ quarantine }) => quarantine)).toHaveLength(1)
    expect(kept).toMatchObject({ slot: SLOTS[0], runId: run.id })
    const machines = (await machinesOf(fleet)).get(SLOTS[0])!
    expect(machines).toHaveLength(2)
    expect(machines.find(({ id }) => id === kept?.machine.id)).toMatchObject({ power: 'off', serving: false })
    expect(machines.find(({ id }) => id === old.get(SLOTS[0])?.[0]?.id)).toMatchObject({ power: 'on', serving: true })
    const made = await mutationsSince(world, from)
    expect(made.filter(({ call }) => call === 'hypervisor.remove')).toEqual([])
    const moments = servingMoments(await world.admin.log(), { unit: UNIT, slots: SLOTS })
    expect(fewestServing(moments, from)).toBe(2)
    expect(moments.at(-1)?.serving.size).toBe(3)
    // Mended, it goes through; what is in quarantine stays there.
    const mended = await manager.execute(patchTemplate, {
      template: 'web-base',
      commands: [['rm', '/etc/application.broken']],
    })
    await manager.execute(applyTemplate, { unit: UNIT, template: mended.version, allowOutage: true })
    expect((await manager.units.get(UNIT)).groups[0]?.quarantine).toHaveLength(1)
    expect(standing(await manager.units.get(UNIT))[0]).toBe('vmgroup_1/combined/0 working in 3')
  })
})
