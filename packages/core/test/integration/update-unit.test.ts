import { attachGroups, importDefinition, isVmunitError, stop, type Tier, updateUnit } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { SCRIPT_ROWS } from '../spec-rows/files.ts'
import { rowOf, titleOf } from '../spec-rows/spec-row.ts'
import { expectRow } from '../support/expect-row.ts'
import { createFleet, type Fleet, storyGroups, TIERS } from '../support/fleet.ts'
import { memoryDefinition } from '../support/memory-definition.ts'
import { expectRefused, refusal } from '../support/refusal.ts'
import { applicationOrder, fewestServing, mark, mutationsSince, servingMoments } from '../support/world-log.ts'

const UNIT = 'gyoumu_a'
const SLOTS = ['vmgroup_1/combined/0', 'vmgroup_2/combined/0', 'vmgroup_3/web/0', 'vmgroup_3/app/0']

const row = (number: string) => rowOf(SCRIPT_ROWS, number)
const title = (number: string): string => titleOf(row(number))

/** Tiers whose build leaves a trace, and fails where `/etc/build.broken` is. */
const BUILT: readonly Tier[] = TIERS.map((tier) => ({
  ...tier,
  application: { ...tier.application, build: ['sh', '-c', 'set -e\ntest -f /etc/can-build\ntouch /var/lib/built'] },
}))

const HOOK = '#!/bin/sh\nprintenv VMI_VIRTUALID >> /var/log/hook.log'

async function define(fleet: Fleet, tiers: readonly Tier[], texts: Readonly<Record<string, string>>): Promise<string> {
  const { hash } = await fleet.manager.definitions.add(memoryDefinition(tiers, texts))
  await fleet.manager.execute(importDefinition, { unit: UNIT, definition: hash })
  return hash
}

/** A unit with its groups attached and nothing built yet. */
async function prepare(fleet: Fleet, tiers = TIERS, texts: Readonly<Record<string, string>> = {}): Promise<string> {
  await fleet.provide(storyGroups(), UNIT)
  await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
  const hash = await define(fleet, tiers, texts)
  await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups(), adopt: true })
  return hash
}

async function idOf(fleet: Fleet, slot: string): Promise<string> {
  const machine = (await fleet.world.admin.machines()).find(({ marker }) => marker?.slot === slot)
  if (machine === undefined) throw new Error(`no machine in ${slot}`)
  return machine.id
}

async function statuses(fleet: Fleet): Promise<readonly string[]> {
  const { groups } = await fleet.manager.units.get(UNIT)
  return groups.flatMap(({ servers }) => servers.map(({ slot, status }) => `${slot} ${status}`))
}

describe('updateUnit', () => {
  it('refuses a unit without a definition', async () => {
    await using fleet = await createFleet()
    await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
    await expectRefused(fleet, 'ERR_NOTHING_REGISTERED', () => fleet.manager.execute(updateUnit, { unit: UNIT }))
  })

  it('brings each server the files of its own tier and the hooks', async () => {
    await using fleet = await createFleet()
    const texts = { 'web/config/a': 'for web', 'app/config/a': 'for app', 'hook/pre-setup': HOOK }
    const hash = await prepare(fleet, TIERS, texts)
    const { outcomes } = await fleet.manager.execute(updateUnit, { unit: UNIT })
    expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('changed'))
    expect(await statuses(fleet)).toEqual(SLOTS.map((slot) => `${slot} stopped`))
    const web = await fleet.world.admin.files(await idOf(fleet, 'vmgroup_3/web/0'))
    expect(web.filter((path) => path.includes('/web/config/a'))).toHaveLength(1)
    expect(web.filter((path) => path.includes('/app/'))).toEqual([])
    expect(web.filter((path) => path.endsWith('hook/pre-setup'))).toHaveLength(1)
    const { groups } = await fleet.manager.units.get(UNIT)
    expect(groups.flatMap(({ servers }) => servers.map(({ definitionHash }) => definitionHash))).toEqual(
      Array(4).fill(hash),
    )
  })

  it(title('4.8.3'), async () => {
    await using fleet = await createFleet()
    await prepare(fleet, TIERS, { 'hook/pre-setup': HOOK })
    await expectRow(row('4.8.3'), fleet.manager.execute(updateUnit, { unit: UNIT }))
    const log = async (slot: string) => await fleet.world.admin.readFile(await idOf(fleet, slot), '/var/log/hook.log')
    expect(await log('vmgroup_1/combined/0')).toBe('192.168.1.101\n')
    expect(await log('vmgroup_3/app/0')).toBe('192.168.1.104\n')
    await define(fleet, TIERS, { 'hook/pre-setup': HOOK, 'web/config/b': 'more' })
    await fleet.manager.execute(updateUnit, { unit: UNIT })
    expect(await log('vmgroup_1/combined/0'), 'the second update runs no hook').toBe('192.168.1.101\n')
  })

  it(title('4.8.4'), async () => {
    await using fleet = await createFleet()
    await prepare(fleet, TIERS, { 'hook/pre-setup': '#!/bin/sh\nexit 3' })
    await expectRow(row('4.8.4'), fleet.manager.execute(updateUnit, { unit: UNIT }))
    expect(await statuses(fleet)).toEqual([
      'vmgroup_1/combined/0 fault(updating)',
      'vmgroup_2/combined/0 fault(updating)',
      'vmgroup_3/web/0 initial',
      'vmgroup_3/app/0 fault(updating)',
    ])
  })

  it.each(['all', 'applications'] as const)(
    'runs the hook again on a server whose first build failed (scope: %s)',
    async (scope) => {
      await using fleet = await createFleet()
      await prepare(fleet, TIERS, { 'hook/pre-setup': '#!/bin/sh\nexit 3' })
      await refusal(fleet.manager.execute(updateUnit, { unit: UNIT, groups: ['vmgroup_1'] }))
      await define(fleet, TIERS, { 'hook/pre-setup': HOOK })
      await fleet.manager.execute(updateUnit, { unit: UNIT, groups: ['vmgroup_1'], scope })
      const id = await idOf(fleet, SLOTS[0] ?? '')
      expect(await fleet.world.admin.readFile(id, '/var/log/hook.log')).toBe('192.168.1.101\n')
    },
  )

  it('touches stopped servers only, and says so of the others', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.manager.execute(stop, { unit: UNIT, groups: ['vmgroup_2'] })
    await define(fleet, TIERS, { 'combined/config/new': 'new' })
    const plan = await fleet.manager.plan(updateUnit, { unit: UNIT })
    expect(plan.servers.map(({ server, action }) => `${server} ${action}`)).toEqual([
      'vmgroup_1/combined/0 none',
      'vmgroup_2/combined/0 reflect',
      'vmgroup_3/web/0 none',
      'vmgroup_3/app/0 none',
    ])
    expect(plan.servers[0]?.reason).toContain('only stopped servers')
    const from = await mark(fleet.world)
    await (await fleet.manager.start(plan)).result()
    const touched = (await mutationsSince(fleet.world, from)).map(({ subject }) => subject)
    expect(new Set(touched)).toEqual(new Set([await idOf(fleet, 'vmgroup_2/combined/0')]))
  })

  it('changes nothing the second time', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    await fleet.manager.execute(updateUnit, { unit: UNIT })
    const from = await mark(fleet.world)
    const { outcomes } = await fleet.manager.execute(updateUnit, { unit: UNIT })
    expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('unchanged'))
    expect(await mutationsSince(fleet.world, from)).toEqual([])
  })

  it('builds tier by tier in start order', async () => {
    await using fleet = await createFleet()
    const tiers = TIERS.map(
      (tier): Tier => ({
        ...tier,
        application: { ...tier.application, build: ['touch', '/var/lib/built'] },
      }),
    )
    await prepare(fleet, tiers)
    const from = await mark(fleet.world)
    await fleet.manager.execute(updateUnit, { unit: UNIT })
    const jobs = (await mutationsSince(fleet.world, from)).filter(({ call }) => call === 'guests.startJob')
    const web = jobs.find(({ step }) => step?.startsWith('vmgroup_3/web/0/build'))!
    const first = jobs.filter(({ step }) => !step?.includes('/web/'))
    expect(first).toHaveLength(3)
    for (const { seq } of first) expect(seq).toBeLessThan(web.arrived)
  })

  it('a build that fails is fault(updating); the other groups are finished; repeating it repairs', async () => {
    await using fleet = await createFleet()
    await prepare(fleet, BUILT)
    for (const slot of SLOTS.slice(1)) await fleet.world.admin.writeFile(await idOf(fleet, slot), '/etc/can-build', '')
    const error = await refusal(fleet.manager.execute(updateUnit, { unit: UNIT }))
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect(error.message).toContain('vmgroup_1')
    const status = await statuses(fleet)
    expect(status).toContain('vmgroup_1/combined/0 fault(updating)')
    expect(status).toContain('vmgroup_2/combined/0 stopped')
    await fleet.world.admin.writeFile(await idOf(fleet, 'vmgroup_1/combined/0'), '/etc/can-build', '')
    await fleet.manager.execute(updateUnit, { unit: UNIT })
    expect(await statuses(fleet)).toEqual(SLOTS.map((slot) => `${slot} stopped`))
  })

  it('a build that fails does not leave the other server of its tier in the same group half done', async () => {
    await using fleet = await createFleet()
    const servers = [111, 112].map((host) => ({ tierId: 'combined', address: `192.168.1.${host}`, port: 20580 }))
    for (const { address } of servers) {
      const image = (await fleet.world.admin.images()).find(({ template }) => template === 'web-base')!.id
      await fleet.world.admin.addMachine({ name: address, image, addresses: [address], power: 'on' })
    }
    await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
    await define(fleet, BUILT, {})
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: [{ name: 'pair', servers }], adopt: true })
    const slow = await idOf(fleet, 'pair/combined/1')
    await fleet.world.admin.writeFile(slow, '/etc/can-build', '')
    await fleet.world.admin.faults([{ call: 'guests.push', subject: slow, effect: { type: 'delay', ms: 100 } }])
    expect((await refusal(fleet.manager.execute(updateUnit, { unit: UNIT }))).code).toBe('ERR_RUN_FAILED')
    expect(await statuses(fleet)).toEqual(['pair/combined/0 fault(updating)', 'pair/combined/1 stopped'])
  })

  it('with waves visits the running groups, one at a time, and starts them again', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const hash = await define(fleet, TIERS, { 'combined/config/new': 'new', 'web/config/new': 'new', 'app/x': 'new' })
    await expectRefused(fleet, 'ERR_WOULD_INTERRUPT', () =>
      fleet.manager.execute(updateUnit, { unit: UNIT, waves: [{ groups: 1 }] }),
    )
    const from = await mark(fleet.world)
    await fleet.manager.execute(updateUnit, { unit: UNIT, waves: [{ groups: 1 }], allowOutage: true })
    expect(await statuses(fleet)).toEqual(SLOTS.map((slot) => `${slot} working`))
    const moments = servingMoments(await fleet.world.admin.log(), { unit: UNIT, slots: SLOTS })
    expect(fewestServing(moments, from)).toBe(2)
    expect(moments.at(-1)?.serving.size).toBe(3)
    const { groups } = await fleet.manager.units.get(UNIT)
    expect(groups.flatMap(({ servers }) => servers.map((server) => server.definitionHash))).toEqual(Array(4).fill(hash))
    const calls = applicationOrder(await mutationsSince(fleet.world, from)).filter((line) => line.includes('vmgroup_1'))
    expect(calls).toEqual([
      'traffic vmgroup_1/combined/0',
      'traffic vmgroup_1/combined/0',
      'job vmgroup_1/combined/0/stop',
      'job vmgroup_1/combined/0/start',
      'traffic vmgroup_1/combined/0',
    ])
  })

  it('whole stops everything, updates everything and starts everything', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await define(fleet, TIERS, { 'combined/config/new': 'new', 'web/config/new': 'new', 'app/x': 'new' })
    await expectRefused(fleet, 'ERR_WOULD_INTERRUPT', () =>
      fleet.manager.execute(updateUnit, { unit: UNIT, whole: true }),
    )
    const from = await mark(fleet.world)
    await fleet.manager.execute(updateUnit, { unit: UNIT, whole: true, allowOutage: true })
    const made = await mutationsSince(fleet.world, from)
    const last = (part: string) => Math.max(...made.filter(({ step }) => step?.endsWith(part)).map(({ seq }) => seq))
    const pushes = made.filter(({ call }) => call === 'guests.push')
    expect(pushes).toHaveLength(4)
    for (const push of pushes) expect(push.arrived).toBeGreaterThan(last('/stop'))
    for (const { arrived } of made.filter(({ step }) => step?.endsWith('/start'))) {
      expect(arrived).toBeGreaterThan(Math.max(...pushes.map(({ seq }) => seq)))
    }
    expect(await statuses(fleet)).toEqual(SLOTS.map((slot) => `${slot} working`))
  })

  it('refuses waves together with whole, and groups that do not exist', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const waves = [{ groups: 1 }]
    const error = await expectRefused(fleet, 'ERR_INVALID_INPUT', () =>
      fleet.manager.execute(updateUnit, { unit: UNIT, whole: true, waves }),
    )
    expect(error.message).toContain('whole')
    expect(isVmunitError(error)).toBe(true)
    await expectRefused(fleet, 'ERR_NOT_FOUND', () =>
      fleet.manager.execute(updateUnit, { unit: UNIT, groups: ['vmgroup_9'] }),
    )
  })
})
