import {
  attachGroups,
  exitClass,
  importDefinition,
  type Plain,
  type ServerGroup,
  start,
  stop,
  type Tier,
  type UpdateScope,
  updateUnit,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { describe, expect, it } from 'vitest'
import { rowOf, titleOf } from '../spec-rows/spec-row.ts'
import { UNIT_UPDATE_ROWS } from '../spec-rows/unit-update.ts'
import { expectRow, expectRowRefused } from '../support/expect-row.ts'
import { createFleet, type Fleet, storyGroups, TIERS } from '../support/fleet.ts'
import { memoryDefinition } from '../support/memory-definition.ts'
import { putMark } from '../support/put-mark.ts'
import { expectRefused, refusal } from '../support/refusal.ts'
import { actions, machineOf, SLOTS, standing } from '../support/story.ts'
import { applicationOrder, mark, mutationsSince } from '../support/world-log.ts'

const UNIT = 'gyoumu_a'

/** Tiers whose applications are brought into service by a command that leaves a line, unless it is told to fail. */
const DEPLOYING: readonly Tier[] = TIERS.map((tier) => ({
  ...tier,
  application: {
    ...tier.application,
    build: ['sh', '-c', 'echo build >> /var/log/application.log'],
    deploy: ['sh', '-c', 'set -e\ntest -f /etc/can-deploy\necho deploy >> /var/log/application.log'],
  },
}))

type Texts = Readonly<Record<string, string>>

const FIRST: Texts = Object.fromEntries(
  TIERS.flatMap(({ id }) => [
    [`${id}/app/shop.ear`, `shop 1 for ${id}`],
    [`${id}/config/server.conf`, 'first'],
  ]),
)

const NEXT: Texts = {
  ...FIRST,
  ...Object.fromEntries(TIERS.map(({ id }) => [`${id}/app/shop.ear`, `shop 2 for ${id}`])),
}

async function define(fleet: Fleet, texts: Texts, tiers = DEPLOYING): Promise<string> {
  const { hash } = await fleet.manager.definitions.add(memoryDefinition(tiers, texts))
  await fleet.manager.execute(importDefinition, { unit: UNIT, definition: hash })
  return hash
}

/** A unit whose servers run, but those of the groups named here. */
async function build(fleet: Fleet, stopped: readonly string[] = [], tiers = DEPLOYING): Promise<void> {
  const groups = storyGroups()
  await fleet.provide(groups, UNIT)
  await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
  await define(fleet, FIRST, tiers)
  await fleet.manager.execute(attachGroups, { unit: UNIT, groups, adopt: true })
  for (const slot of SLOTS) await permit(fleet, slot)
  await fleet.manager.execute(updateUnit, { unit: UNIT })
  const started = groups.map(({ name }) => name).filter((name) => !stopped.includes(name))
  if (started.length > 0) await fleet.manager.execute(start, { unit: UNIT, groups: started })
}

async function permit(fleet: Fleet, slot: string): Promise<void> {
  await fleet.world.admin.writeFile((await machineOf(fleet, slot)).id, '/etc/can-deploy', '')
}

async function forbid(fleet: Fleet, slot: string): Promise<void> {
  const { id } = await machineOf(fleet, slot)
  await using guest = await fleet.world.guests.open({
    address: await addressOf(fleet, slot),
    hostKeys: await keysOf(fleet, id),
  })
  await guest.exec({ argv: ['rm', '-f', '/etc/can-deploy'] })
}

async function addressOf(fleet: Fleet, slot: string): Promise<string> {
  const servers = (await fleet.manager.units.get(UNIT)).groups.flatMap((group) => group.servers)
  return servers.find((server) => server.slot === slot)?.address ?? ''
}

async function keysOf(fleet: Fleet, id: string): Promise<readonly string[]> {
  return (await fleet.world.hypervisor.inventory({ ids: [id] })).machines[0]?.hostKeys ?? []
}

async function scopes(fleet: Fleet): Promise<readonly UpdateScope[]> {
  const found = await fleet.manager.definitions.scopes(UNIT)
  return SLOTS.map((slot) => found.get(slot)!)
}

async function log(fleet: Fleet, slot: string): Promise<string | undefined> {
  return await fleet.world.admin.readFile((await machineOf(fleet, slot)).id, '/var/log/application.log')
}

async function applicationOf(fleet: Fleet, slot: string): Promise<string> {
  const { id } = await machineOf(fleet, slot)
  const path = (await fleet.world.admin.files(id)).find((one) => one.includes('shop.ear'))
  return (await fleet.world.admin.readFile(id, path ?? '')) ?? ''
}

/** What another process does to the record of a group. */
async function changeGroup(fleet: Fleet, name: string, change: (group: ServerGroup) => ServerGroup): Promise<void> {
  const store = openSqliteStore(fleet.storePath)
  try {
    const key = `group/${UNIT}/${name}`
    const [document] = await store.get([key])
    const value = change(document?.value as unknown as ServerGroup) as unknown as Plain
    await store.commit({ put: [{ key, revision: document?.revision ?? 0, value }] })
  } finally {
    await store.close()
  }
}

describe('the update scope of servers', () => {
  it('is all before the first update, none after it, and says after an import what differs', async () => {
    await using fleet = await createFleet()
    await fleet.provide(storyGroups(), UNIT)
    await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
    await define(fleet, FIRST)
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups(), adopt: true })
    for (const slot of SLOTS) await permit(fleet, slot)
    expect(await scopes(fleet)).toEqual(Array(4).fill('all'))
    await fleet.manager.execute(updateUnit, { unit: UNIT })
    expect(await scopes(fleet)).toEqual(Array(4).fill('none'))
    await define(fleet, NEXT)
    expect(await scopes(fleet)).toEqual(Array(4).fill('applications'))
    await define(fleet, { ...NEXT, 'web/config/server.conf': 'second' })
    expect(await scopes(fleet)).toEqual(Array(4).fill('all'))
    await define(fleet, FIRST)
    expect(await scopes(fleet), 'the first one again: nothing is left to do').toEqual(Array(4).fill('none'))
  })

  it('is told in the plan of an import', async () => {
    await using fleet = await createFleet()
    await build(fleet)
    const plan = async (texts: Texts) => {
      const { hash } = await fleet.manager.definitions.add(memoryDefinition(DEPLOYING, texts))
      return (await fleet.manager.plan(importDefinition, { unit: UNIT, definition: hash })).notes
    }
    expect(await plan(FIRST)).toEqual([])
    expect(await plan(NEXT)).toEqual(['leaves 4 servers with update scope applications'])
    expect(await plan({ ...NEXT, 'hook/pre-setup': '#!/bin/sh' })).toEqual(['leaves 4 servers with update scope all'])
  })

  it('goes by what is registered when a run ends, not by what it was when the run was planned', async () => {
    await using fleet = await createFleet()
    await build(fleet, ['vmgroup_1', 'vmgroup_2', 'vmgroup_3'])
    await define(fleet, NEXT)
    const plan = await fleet.manager.plan(updateUnit, { unit: UNIT })
    await define(fleet, { ...NEXT, 'web/config/server.conf': 'second' })
    await (await fleet.manager.start(plan)).result()
    expect(await scopes(fleet)).toEqual(Array(4).fill('all'))
  })
})

describe('updateUnit with scope applications', () => {
  it('brings changed applications to servers that work and to those that are stopped, and stops nothing', async () => {
    await using fleet = await createFleet()
    await build(fleet, ['vmgroup_2'])
    const before = standing(await fleet.manager.units.get(UNIT))
    const hash = await define(fleet, NEXT)
    const from = await mark(fleet.world)
    const plan = await fleet.manager.plan(updateUnit, { unit: UNIT, scope: 'applications' })
    expect(actions(plan)).toEqual(SLOTS.map((slot) => `${slot} reflect`))
    expect(plan.phases.flatMap(({ changes }) => changes).every(({ disturbs }) => !disturbs)).toBe(true)
    const result = await (await fleet.manager.start(plan)).result()
    expect(exitClass(result)).toBe(0)
    expect(result.outcomes.map(({ status }) => status)).toEqual(Array(4).fill('changed'))
    expect(standing(await fleet.manager.units.get(UNIT))).toEqual(before)
    expect(await scopes(fleet)).toEqual(Array(4).fill('none'))
    for (const slot of SLOTS) {
      expect(await log(fleet, slot), slot).toBe('build\ndeploy\ndeploy\n')
      expect(await applicationOf(fleet, slot)).toBe(`shop 2 for ${slot.split('/')[1]}`)
    }
    const version = hash.slice(0, 12)
    const done = applicationOrder(await mutationsSince(fleet.world, from))
    expect(done.toSorted()).toEqual(SLOTS.map((slot) => `job ${slot}/deploy@${version}`).toSorted())
    expect(done.at(-1), 'the tier that starts last is last').toContain('vmgroup_3/web/0')
  })

  it('changes nothing the second time', async () => {
    await using fleet = await createFleet()
    await build(fleet)
    await define(fleet, NEXT)
    await fleet.manager.execute(updateUnit, { unit: UNIT, scope: 'applications' })
    const from = await mark(fleet.world)
    const { outcomes } = await fleet.manager.execute(updateUnit, { unit: UNIT, scope: 'applications' })
    expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('unchanged'))
    expect(await mutationsSince(fleet.world, from)).toEqual([])
  })

  it('runs build where a tier has no deploy, and only brings the files where it has neither', async () => {
    await using fleet = await createFleet()
    const tiers = DEPLOYING.map((tier): Tier => {
      const { deploy: _deploy, build: command, ...rest } = tier.application
      return { ...tier, application: tier.id === 'web' ? rest : { ...rest, build: command } }
    })
    await build(fleet, ['vmgroup_1'], tiers)
    await define(fleet, NEXT, tiers)
    await fleet.manager.execute(updateUnit, { unit: UNIT, scope: 'applications' })
    for (const slot of SLOTS.filter((one) => !one.includes('/web/')))
      expect(await log(fleet, slot)).toBe('build\nbuild\n')
    expect(await log(fleet, 'vmgroup_3/web/0')).toBeUndefined()
    expect(await applicationOf(fleet, 'vmgroup_3/web/0')).toBe('shop 2 for web')
    expect(await scopes(fleet)).toEqual(Array(4).fill('none'))
  })

  it('leaves servers that need more as they are, with a warning', async () => {
    await using fleet = await createFleet()
    await build(fleet, ['vmgroup_2'])
    await define(fleet, { ...NEXT, 'web/config/server.conf': 'second' })
    const from = await mark(fleet.world)
    const result = await fleet.manager.execute(updateUnit, { unit: UNIT, scope: 'applications' })
    expect(result.outcomes.map(({ status }) => status)).toEqual(Array(4).fill('unchanged'))
    expect(result.warnings).toHaveLength(4)
    expect(result.warnings[0]).toBe(
      '192.168.1.101 was left as it is: more than applications differ, so it needs a full update while it is stopped',
    )
    expect(exitClass(result)).toBe(1)
    expect(await mutationsSince(fleet.world, from)).toEqual([])
  })

  it('a server that works and fails is to be started again; one that is stopped is fault(updating); both are repaired', async () => {
    await using fleet = await createFleet()
    await build(fleet, ['vmgroup_2'])
    await define(fleet, NEXT)
    const failing = ['vmgroup_1/combined/0', 'vmgroup_2/combined/0']
    for (const slot of failing) await forbid(fleet, slot)
    const error = await refusal(fleet.manager.execute(updateUnit, { unit: UNIT, scope: 'applications' }))
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect(exitClass(error)).toBe(1)
    const { groups } = await fleet.manager.units.get(UNIT)
    expect(groups.flatMap(({ servers }) => servers.map(({ status }) => status))).toEqual([
      'fault(starting)',
      'fault(updating)',
      'working',
      'working',
    ])
    expect(await scopes(fleet)).toEqual(['applications', 'all', 'none', 'none'])
    for (const slot of failing) await permit(fleet, slot)
    await fleet.manager.execute(updateUnit, { unit: UNIT, scope: 'applications' })
    expect((await fleet.manager.units.get(UNIT)).groups[0]?.servers[0]?.status).toBe('working')
    expect(await scopes(fleet)).toEqual(Array(4).fill('none'))
    expect(await log(fleet, 'vmgroup_1/combined/0')).toBe('build\ndeploy\ndeploy\n')
    expect(await log(fleet, 'vmgroup_2/combined/0'), 'built anew').toBe('build\ndeploy\nbuild\ndeploy\n')
  })

  it('a server that is not healthy afterwards has failed', async () => {
    await using fleet = await createFleet()
    await build(fleet)
    await define(fleet, NEXT)
    const { id } = await machineOf(fleet, 'vmgroup_1/combined/0')
    await fleet.world.admin.faults([
      { call: 'guests.exec', subject: id, effect: { type: 'error', code: 'ERR_UNAVAILABLE', retryable: true } },
    ])
    const error = await refusal(fleet.manager.execute(updateUnit, { unit: UNIT, scope: 'applications' }))
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect((await fleet.manager.units.get(UNIT)).groups[0]?.servers[0]?.status).toBe('fault(starting)')
  })

  it('leaves servers in the middle of something else as they are, with a warning', async () => {
    await using fleet = await createFleet()
    await build(fleet)
    await define(fleet, NEXT)
    await changeGroup(fleet, 'vmgroup_1', ({ servers, ...group }) => {
      return { ...group, servers: servers.map((server) => ({ ...server, status: 'fault(stopping)' })) }
    })
    const result = await fleet.manager.execute(updateUnit, { unit: UNIT, groups: ['vmgroup_1'], scope: 'applications' })
    expect(result.warnings).toEqual(['192.168.1.101 was left as it is: it is fault(stopping); start or stop it first'])
  })

  it('with waves visits so many groups at once, and stops none of them', async () => {
    await using fleet = await createFleet()
    await build(fleet)
    await define(fleet, NEXT)
    const from = await mark(fleet.world)
    const waves = [{ groups: 1 }]
    await fleet.manager.execute(updateUnit, { unit: UNIT, scope: 'applications', waves })
    const done = applicationOrder(await mutationsSince(fleet.world, from))
    expect(done.map((line) => line.split('@')[0])).toEqual([
      'job vmgroup_1/combined/0/deploy',
      'job vmgroup_2/combined/0/deploy',
      'job vmgroup_3/app/0/deploy',
      'job vmgroup_3/web/0/deploy',
    ])
    expect(await scopes(fleet)).toEqual(Array(4).fill('none'))
  })

  it('cannot be combined with whole', async () => {
    await using fleet = await createFleet()
    await build(fleet)
    const error = await expectRefused(fleet, 'ERR_INVALID_INPUT', () =>
      fleet.manager.execute(updateUnit, { unit: UNIT, scope: 'applications', whole: true }),
    )
    expect(error.message).toContain('nothing is stopped')
  })
})

describe('updateUnit: the rows of spec 3.14', () => {
  const both = [{ scope: 'all' }, { scope: 'applications' }] as const
  const row = (number: number) => rowOf(UNIT_UPDATE_ROWS, `3.14.${number}`)

  /** A unit that is to be updated, where vmgroup_1 cannot be. */
  async function brokenIn(fleet: Fleet): Promise<void> {
    const tiers = DEPLOYING.map((tier): Tier => {
      const { deploy } = tier.application
      return { ...tier, application: { ...tier.application, ...(deploy === undefined ? {} : { build: deploy }) } }
    })
    await build(
      fleet,
      storyGroups().map(({ name }) => name),
      tiers,
    )
    await define(fleet, NEXT, tiers)
    await forbid(fleet, 'vmgroup_1/combined/0')
  }

  it.each(both)(`${titleOf(row(1))}: it is done, with a warning ($scope)`, async ({ scope }) => {
    await using fleet = await createFleet()
    await build(fleet, ['vmgroup_2'])
    await define(fleet, NEXT)
    await putMark(fleet, 'vmgroup_2')
    const update = fleet.manager.execute(updateUnit, { unit: UNIT, groups: ['vmgroup_2'], scope })
    await expectRow(row(1), update)
    const result = await update
    expect(result.warnings).toEqual(['vmgroup_2 bears a fault mark: 調査中'])
    expect(result.outcomes.map(({ status }) => status)).toEqual(['changed'])
  })

  it.each(both)(`${titleOf(row(2))}, the others are updated ($scope)`, async ({ scope }) => {
    await using fleet = await createFleet()
    await brokenIn(fleet)
    await expectRow(row(2), fleet.manager.execute(updateUnit, { unit: UNIT, scope }))
    const servers = (await fleet.manager.units.get(UNIT)).groups.flatMap((group) => group.servers)
    expect(servers.map(({ status }) => status)).toEqual(['fault(updating)', 'stopped', 'stopped', 'stopped'])
    expect((await scopes(fleet)).slice(1)).toEqual(Array(3).fill('none'))
  })

  it.each(both)(`${titleOf(row(3))} ($scope)`, async ({ scope }) => {
    await using fleet = await createFleet()
    await brokenIn(fleet)
    await expectRow(row(3), fleet.manager.execute(updateUnit, { unit: UNIT, groups: ['vmgroup_1'], scope }))
  })

  it.each(both)(`${titleOf(row(4))} ($scope)`, async ({ scope }) => {
    await using fleet = await createFleet()
    await expectRowRefused(fleet, row(4), () => fleet.manager.execute(updateUnit, { unit: 'nowhere', scope }))
  })

  it.each(both)(`${titleOf(row(5))} ($scope)`, async ({ scope }) => {
    await using fleet = await createFleet()
    await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
    await expectRowRefused(fleet, row(5), () => fleet.manager.execute(updateUnit, { unit: UNIT, scope }))
  })

  it.each(both)(`${titleOf(row(6))} ($scope)`, async ({ scope }) => {
    await using fleet = await createFleet()
    await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
    await define(fleet, FIRST)
    const result = await expectRow(row(6), fleet.manager.execute(updateUnit, { unit: UNIT, scope }))
    expect(result).toMatchObject({ warnings: ['unit gyoumu_a has no servers to update'] })
  })

  it(`${titleOf(row(7))}; with one that is, there is no warning`, async () => {
    await using fleet = await createFleet()
    await build(fleet)
    await define(fleet, NEXT)
    const from = await mark(fleet.world)
    const result = await expectRow(row(7), fleet.manager.execute(updateUnit, { unit: UNIT }))
    expect(result).toMatchObject({ warnings: [expect.stringMatching(/^no server is stopped/)] })
    expect(await mutationsSince(fleet.world, from)).toEqual([])
    await fleet.manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    expect((await fleet.manager.execute(updateUnit, { unit: UNIT })).warnings).toEqual([])
  })

  it(titleOf(row(8)), async () => {
    await using fleet = await createFleet()
    await build(fleet)
    await define(fleet, NEXT)
    const gate = { kind: 'approval' } as const
    const plan = await fleet.manager.plan(updateUnit, {
      unit: UNIT,
      scope: 'applications',
      groups: ['vmgroup_1'],
      waves: [{ groups: 1, gate }],
    })
    const run = await fleet.manager.start(plan)
    await expectRowRefused(fleet, row(8), () =>
      fleet.manager.execute(updateUnit, { unit: UNIT, scope: 'applications' }),
    )
    await run.cancel('enough')
  })
})
