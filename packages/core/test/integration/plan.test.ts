import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  applyTemplate,
  attachGroups,
  createManager,
  detachGroups,
  formatPlan,
  importDefinition,
  type Plan,
  patchTemplate,
  start,
  stop,
  updateUnit,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { connectWorld, startWorld, type World } from '@vmunit/core/testing'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, QUICK, storyGroups, TIERS } from '../support/fleet.ts'
import { memoryDefinition } from '../support/memory-definition.ts'
import { documentsOf, expectRefused, refusal } from '../support/refusal.ts'
import { machineOf, SLOTS, standing, UNIT, upgrade } from '../support/story.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

async function prepare(fleet: Fleet) {
  await fleet.build(UNIT, storyGroups())
  const template = await upgrade(fleet)
  return { unit: UNIT, template, allowOutage: true }
}

describe('a plan', () => {
  it('names every server with its reason', async () => {
    await using fleet = await createFleet()
    const plan = await fleet.manager.plan(applyTemplate, await prepare(fleet))
    expect(plan.servers).toEqual([
      { server: SLOTS[0], address: '192.168.1.101', action: 'replace', reason: 'web-base 1 → 2' },
      { server: SLOTS[1], address: '192.168.1.102', action: 'replace', reason: 'web-base 1 → 2' },
      { server: SLOTS[2], address: '192.168.1.103', action: 'replace', reason: 'web-base 1 → 2' },
      { server: SLOTS[3], address: '192.168.1.104', action: 'restart', reason: 'its group goes out of service' },
    ])
    const text = formatPlan(plan)
    for (const { server, address, action, reason } of plan.servers) {
      const line = text.split('\n').find((one) => one.includes(server))
      for (const part of [address, action, reason]) expect(line).toContain(part)
    }
  })

  it('is made without changing anything, and without opening a guest', async () => {
    await using fleet = await createFleet()
    const input = await prepare(fleet)
    const before = await documentsOf(fleet.storePath)
    const from = await mark(fleet.world)
    const { manager } = fleet
    await manager.plan(applyTemplate, input)
    await manager.plan(applyTemplate, { ...input, whole: true })
    await manager.plan(stop, { unit: UNIT })
    await manager.plan(start, { unit: UNIT })
    await manager.plan(updateUnit, { unit: UNIT })
    await manager.plan(patchTemplate, { template: 'web-base', commands: [['true']] })
    expect(await mutationsSince(fleet.world, from)).toEqual([])
    const calls = (await fleet.world.admin.log({ from })).flatMap((event) =>
      event.type === 'call' ? [event.call] : [],
    )
    expect(new Set(calls)).toEqual(new Set(['hypervisor.inventory', 'balancer.members']))
    expect(await documentsOf(fleet.storePath)).toEqual(before)
  })

  it('has the same bytes, 100 times of 100, from whichever manager', async () => {
    await using fleet = await createFleet()
    const input = await prepare(fleet)
    const managers = [fleet.manager, fleet.another()]
    const made = new Set<string>()
    for (let count = 0; count < 100; count += 1) {
      made.add(JSON.stringify(await managers[count % 2]!.plan(applyTemplate, { ...input, whole: count % 4 > 1 })))
    }
    expect(made.size, 'one rolling plan, one whole plan').toBe(2)
  })

  it('survives JSON, and another manager executes it', async () => {
    await using fleet = await createFleet()
    const plan = await fleet.manager.plan(applyTemplate, await prepare(fleet))
    const sent = JSON.parse(JSON.stringify(plan)) as typeof plan
    expect(sent).toEqual(plan)
    const { outcomes } = await (await fleet.another().start(sent)).result()
    expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('changed'))
  })

  it('is executed by a second process', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'vmunit-plan-'))
    const { socket } = await startWorld({ directory: join(directory, 'world') })
    const world = await connectWorld(socket, { caller: 'first process' })
    try {
      const database = join(directory, 'vmunit.db')
      await using store = openSqliteStore(database)
      await using manager = managerOver(world, store)
      const plan = await planOn(world, manager)
      const file = join(directory, 'plan.json')
      await writeFile(file, JSON.stringify(plan))
      const from = await mark(world)
      const child = fileURLToPath(new URL('../support/children/execute-plan.ts', import.meta.url))
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--conditions=@vmunit/source',
        '--disable-warning=ExperimentalWarning',
        child,
        socket,
        database,
        file,
      ])
      const { run, result } = JSON.parse(stdout) as { run: string; result: { outcomes: { status: string }[] } }
      expect(result.outcomes.map(({ status }) => status)).toEqual(Array(4).fill('changed'))
      expect(standing(await manager.units.get(UNIT))[0]).toBe('vmgroup_1/combined/0 working in 2')
      const callers = new Set((await mutationsSince(world, from)).map(({ caller }) => caller))
      expect(callers).toEqual(new Set(['second process']))
      const seen = await manager.run(run)
      expect((await seen.state()).state).toBe('succeeded')
      expect(await seen.result()).toEqual(result)
    } finally {
      await world.stop()
      await world.close()
      await rm(directory, { recursive: true, force: true })
    }
  })

  it('that was edited is refused, wherever', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const plan = await manager.plan(applyTemplate, await prepare(fleet))
    const [first] = plan.phases
    const edited: readonly unknown[] = [
      { ...plan, servers: plan.servers.slice(1) },
      { ...plan, hash: plan.hash.replace(/./, (digit) => (digit === '0' ? '1' : '0')) },
      { ...plan, claims: [] },
      { ...plan, phases: [{ ...first!, waves: [{ groups: '100%' }] }] },
      { ...plan, back: [] },
      { ...plan, input: { ...(plan.input as object), unit: 'gyoumu_b' } },
      { ...plan, manager: 'another' },
      { ...plan, attempts: 3 },
      { hash: plan.hash },
      {},
    ]
    for (const one of edited) {
      const error = await expectRefused(fleet, 'ERR_PLAN_EDITED', () => manager.start(one as Plan))
      expect(error.message).toMatch(/plan again/i)
    }
    // The estimate is no part of what was approved.
    const estimated = { ...plan, estimate: { ...plan.estimate, durationMs: 1 } }
    expect((await (await manager.start(estimated)).result()).outcomes).toHaveLength(4)
  })

  it('for another manager is refused', async () => {
    await using fleet = await createFleet()
    await using other = await createFleet()
    const store = openSqliteStore(join(fleet.storePath, '..', 'other.db'))
    const manager = createManager({
      id: 'other',
      hypervisors: { main: fleet.world.hypervisor },
      guests: fleet.world.guests,
      store,
      principal: { name: 'user_a', role: 'builder' },
    })
    await manager.units.create({ name: UNIT, hypervisor: 'main' })
    const plan = await manager.plan(stop, { unit: UNIT })
    const error = await expectRefused(fleet, 'ERR_STORE_FOREIGN', () => fleet.manager.start(plan))
    expect(error.message).toContain('other')
    expect(await other.world.admin.machines()).toEqual([])
    await manager.close()
    await store.close()
  })
})

describe('a plan that is stale', () => {
  it('because a machine was switched off by hand', async () => {
    await using fleet = await createFleet()
    const plan = await fleet.manager.plan(applyTemplate, await prepare(fleet))
    await fleet.world.admin.setPower((await machineOf(fleet, SLOTS[1])).id, 'off')
    const error = await expectRefused(fleet, 'ERR_PLAN_STALE', () => fleet.manager.start(plan))
    expect(error.details['servers']).toEqual([SLOTS[1]])
    expect(error.message).toContain(SLOTS[1])
  })

  it('because a machine was removed by hand', async () => {
    await using fleet = await createFleet()
    const plan = await fleet.manager.plan(applyTemplate, await prepare(fleet))
    await fleet.world.admin.removeMachine((await machineOf(fleet, SLOTS[1])).id)
    const error = await expectRefused(fleet, 'ERR_PLAN_STALE', () => fleet.manager.start(plan))
    expect(error.details['servers']).toEqual([SLOTS[1]])
  })

  it('because a group was stopped', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const plan = await manager.plan(applyTemplate, await prepare(fleet))
    await manager.execute(stop, { unit: UNIT, groups: ['vmgroup_3'] })
    const error = await expectRefused(fleet, 'ERR_PLAN_STALE', () => manager.start(plan))
    expect(error.details['servers']).toEqual([SLOTS[2], SLOTS[3]])
  })

  it('because a group was detached, or attached again', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const input = await prepare(fleet)
    await manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    const plan = await manager.plan(applyTemplate, input)
    await manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_1'] })
    const gone = await expectRefused(fleet, 'ERR_PLAN_STALE', () => manager.start(plan))
    expect(gone.details['servers']).toEqual([SLOTS[0]])
    await manager.execute(attachGroups, { unit: UNIT, groups: [storyGroups()[0]!], adopt: true })
    const back = await expectRefused(fleet, 'ERR_PLAN_STALE', () => manager.start(plan))
    expect(back.details['servers']).toEqual([SLOTS[0]])
  })

  it('not because of what it does not rely on: another group, a new foreign machine, the balancer', async () => {
    await using fleet = await createFleet()
    const { manager, world } = fleet
    const plan = await manager.plan(applyTemplate, { ...(await prepare(fleet)), groups: ['vmgroup_1'] })
    await manager.execute(stop, { unit: UNIT, groups: ['vmgroup_2'] })
    const [image] = await world.admin.images()
    await world.admin.addMachine({ name: 'foreign', image: image!.id, addresses: [] })
    await world.admin.setConnections('gyoumu_a', SLOTS[0], 1)
    const { outcomes } = await (await manager.start(plan)).result()
    expect(outcomes).toMatchObject([{ server: SLOTS[0], status: 'changed' }])
  })

  it('when the change of a group begins, while an earlier one has rolled: the run stops there', async () => {
    await using fleet = await createFleet({ latencyMs: { create: 150 } })
    const { manager, world } = fleet
    const plan = await manager.plan(applyTemplate, await prepare(fleet))
    const run = await manager.start(plan)
    for await (const { type } of run.events()) if (type === 'change.began') break
    const { id } = await machineOf(fleet, SLOTS[1])
    await world.admin.setPower(id, 'off')
    const from = await mark(world)
    const error = await refusal(run.result())
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect(error.message).toContain('vmgroup_2')
    expect(error.message).toContain('no longer fits')
    expect(error.details['outcomes']).toMatchObject([
      { server: SLOTS[0], status: 'changed' },
      { server: SLOTS[1], status: 'failed' },
      { server: SLOTS[2], status: 'notStarted' },
      { server: SLOTS[3], status: 'notStarted' },
    ])
    const touched = (await mutationsSince(world, from)).filter(({ subject }) => subject === id || subject === SLOTS[1])
    expect(touched, 'nothing is done to the server that is not as expected').toEqual([])
    expect((await machineOf(fleet, SLOTS[1])).power).toBe('off')
    const failed = []
    for await (const record of run.events({ follow: false }))
      if (record.type === 'change.failed') failed.push(record.data)
    expect(failed).toMatchObject([{ error: { code: 'ERR_PLAN_STALE', details: { servers: [SLOTS[1]] } } }])
  })
})

function managerOver(world: World, store: ReturnType<typeof openSqliteStore>) {
  return createManager({
    hypervisors: { main: world.hypervisor },
    balancers: { edge: world.balancer },
    guests: world.guests,
    store,
    principal: { name: 'user_a', role: 'builder' },
    timing: QUICK,
  })
}

/** The story on a world process: a unit that serves, a patched template, and the plan of its roll-out. */
async function planOn(world: World, manager: ReturnType<typeof managerOver>): Promise<Plan> {
  const images = new Map<string, string>()
  for (const name of ['web-base', 'app-base']) {
    const image = await world.admin.addImage({ template: name })
    images.set(name, image)
    await manager.templates.register({ name, hypervisor: 'main', image })
  }
  for (const { name, servers } of storyGroups()) {
    for (const { tierId, address, serviceAddress = '' } of servers) {
      const image = images.get(tierId === 'app' ? 'app-base' : 'web-base')!
      await world.admin.addMachine({
        name: `${name}-${tierId}`,
        image,
        addresses: [address, serviceAddress],
        power: 'on',
      })
    }
  }
  await manager.units.create({ name: UNIT, hypervisor: 'main' })
  const { hash } = await manager.definitions.add(memoryDefinition(TIERS, {}))
  await manager.execute(importDefinition, { unit: UNIT, definition: hash })
  await manager.execute(attachGroups, { unit: UNIT, groups: storyGroups(), adopt: true })
  await manager.execute(updateUnit, { unit: UNIT })
  await manager.execute(start, { unit: UNIT })
  const { version } = await manager.execute(patchTemplate, { template: 'web-base', commands: [['dnf', 'upgrade']] })
  return await manager.plan(applyTemplate, { unit: UNIT, template: version, allowOutage: true })
}
