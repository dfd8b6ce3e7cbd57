import { setTimeout } from 'node:timers/promises'
import {
  type AddressPool,
  type ApplyTemplateInput,
  applyTemplate,
  type Beside as BesideServer,
  createAddressPool,
  createManager,
  deleteUnit,
  detachGroups,
  endQuarantine,
  type Manager,
  type Plan,
  patchTemplate,
  type Run,
  type StateStore,
  scaleIn,
  stepsOf,
  stop,
  type TemplateRef,
  VmunitError,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, QUICK, storyGroups } from '../support/fleet.ts'
import { refusal } from '../support/refusal.ts'
import { breakVersion, machinesOf, SLOTS, standing, UNIT, upgrade } from '../support/story.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

const NETWORKS = ['management', 'service'] as const
const [SLOT] = SLOTS

interface Beside extends AsyncDisposable {
  readonly fleet: Fleet
  readonly manager: Manager
  /** Starts a roll, and stops it in this way as soon as a step has begun; what is in flight comes to its end. A number counts from the last step on. */
  stopAt(step: string | number, template: TemplateRef, options?: StopOptions): Promise<Run>
}

interface StopOptions {
  /** Default `cancel`; else its process dies, and it is cancelled by another one. */
  readonly how?: 'cancel' | 'die'
  readonly groups?: readonly string[]
}

const rolls = (template: TemplateRef, groups: readonly string[] = ['vmgroup_1']): ApplyTemplateInput => ({
  unit: UNIT,
  template,
  groups,
  waves: [{ groups: '100%', surge: 1 }],
  addresses: 'pool',
})

/** The unit of the story, and a manager with a pool of addresses that can be stopped at any step. */
async function prepare(wrap: (pool: AddressPool) => AddressPool = (pool) => pool): Promise<Beside> {
  await using opened = new AsyncDisposableStack()
  const fleet = opened.use(await createFleet())
  await fleet.build(UNIT, storyGroups())
  const store = openSqliteStore(fleet.storePath)
  opened.defer(() => store.close())
  const range = (subnet: number): readonly string[] =>
    Array.from({ length: 8 }, (_, index) => `192.168.${subnet}.${201 + index}`)
  const networks = { management: range(1), service: range(2) }
  const pool = wrap(createAddressPool({ store, networks, restMs: 0 }))
  const manager = fleet.another({ addresses: pool })

  async function stopAt(
    at: string | number,
    template: TemplateRef,
    { how = 'cancel', groups }: StopOptions = {},
  ): Promise<Run> {
    let cancelling: Promise<void> | undefined
    let isDead = false
    let step = at
    const watched: StateStore = {
      ...store,
      async commit(batch, call) {
        if (isDead) throw new Error('the process is gone')
        await store.commit(batch, call)
        const begun = (batch.append ?? []).find(
          ({ type, data }) => type === 'step.began' && Reflect.get(Object(data), 'step') === step,
        )
        if (begun === undefined || cancelling !== undefined) return
        if (how === 'die') isDead = true
        else {
          cancelling = mover.run(begun.run).then((run) => run.cancel('wrong window'))
          while ((await store.get([`control/${begun.run}`]))[0] === undefined) await setTimeout(1)
          await setTimeout(10)
        }
      },
    }
    const { world } = fleet
    await using mover = createManager({
      hypervisors: { main: world.hypervisor },
      balancers: { edge: world.balancer },
      guests: world.guests,
      store: watched,
      addresses: pool,
      principal: { name: 'user_a', role: 'builder' },
      timing: QUICK,
    })
    const plan = await mover.plan(applyTemplate, rolls(template, groups))
    if (typeof at === 'number') step = idsOf(plan).at(-at) ?? ''
    const run = await mover.start(plan)
    const outcome = await run.result().catch((error: unknown) => error)
    await cancelling
    const handle = await manager.run(run.id)
    if (how === 'die') {
      expect(outcome).toBeInstanceOf(Error)
      await handle.cancel('nobody goes on with it')
    }
    expect((await handle.state()).state).toBe('cancelled')
    return handle
  }

  const rest = opened.move()
  return { fleet, manager, stopAt, [Symbol.asyncDispose]: async () => await rest.disposeAsync() }
}

function idsOf(plan: Plan): readonly string[] {
  return plan.phases.flatMap(({ changes }) => changes.flatMap((change) => stepsOf(plan, change).map(({ id }) => id)))
}

async function besideOf(manager: Manager): Promise<readonly BesideServer[]> {
  const { groups } = await manager.units.get(UNIT)
  return groups.flatMap(({ servers }) => servers.flatMap(({ beside }) => beside ?? []))
}

/** What is there although no record of the unit tells of it: machines, members of pools, addresses in use. */
async function unlisted(fleet: Fleet): Promise<readonly string[]> {
  const unit = await fleet.manager.units.get(UNIT).catch(() => undefined)
  const groups = unit?.groups ?? []
  const servers = groups.flatMap((group) => group.servers)
  const beside = servers.flatMap((server) => server.beside ?? [])
  const kept = groups.flatMap(({ quarantine }) => quarantine)
  const machines = new Set([
    ...[...servers, ...kept].flatMap(({ machine }) => machine?.id ?? []),
    ...beside.flatMap((one) => one.machines.flatMap(({ id }) => id ?? [])),
  ])
  const making = new Set(beside.flatMap((one) => one.machines.map(({ operationId }) => operationId)))
  const members = new Set([...servers.map(({ slot, member = slot }) => member), ...beside.map(({ member }) => member)])
  const ids = new Set([
    ...servers.flatMap(({ reserved = [] }) => reserved.map(({ id }) => id)),
    ...beside.flatMap(({ addresses }) => addresses.map(({ id }) => id)),
  ])
  const addresses = new Set([
    ...servers.flatMap(({ address, serviceAddress }) => [address, serviceAddress]),
    ...beside.flatMap((one) => one.addresses.map(({ address }) => address)),
  ])
  const store = openSqliteStore(fleet.storePath)
  const pools = await store.get(NETWORKS.map((network) => `pool/${network}`))
  const held = await Array.fromAsync(store.list('address/'), ({ key }) => key.slice('address/'.length))
  await store.close()
  const used = pools.flatMap((pool) =>
    Object.entries(Object(pool?.value) as Record<string, { readonly id: string; readonly time?: number }>),
  )
  const present = [...(await machinesOf(fleet)).values()].flat()
  return [
    ...present
      .filter(({ id, marker }) => !machines.has(id) && !making.has(marker?.operationId ?? ''))
      .map(({ id }) => id),
    ...(await fleet.world.admin.pools()).flatMap((pool) =>
      pool.members.filter(({ slot }) => !members.has(slot)).map(({ slot }) => `member ${slot}`),
    ),
    ...used.flatMap(([address, { id, time }]) => (time === undefined && !ids.has(id) ? [`reserved ${address}`] : [])),
    ...held.flatMap((address) => (addresses.has(address) ? [] : [`held ${address}`])),
  ]
}

/** All servers serve, by one machine each, and nothing is beside them or left anywhere. */
async function expectClean(fleet: Fleet): Promise<void> {
  expect(await besideOf(fleet.manager)).toEqual([])
  expect(await unlisted(fleet)).toEqual([])
  for (const slot of SLOTS) expect((await machinesOf(fleet)).get(slot), slot).toHaveLength(1)
  const machines = [...(await machinesOf(fleet)).values()].flat()
  expect(machines.filter(({ serving }) => !serving)).toEqual([])
}

const stood = (standsOn: number): string => `${SLOT} working in ${standsOn}`

describe('a replacement beside what serves that is cancelled', () => {
  it.each([
    { moment: 'reserving', step: 'reserve-service', version: 1, machine: undefined },
    { moment: 'making the new machine', step: 'create@web-base:2', version: 1, machine: 'new' },
    { moment: 'bringing it up', step: 'answer', version: 1, machine: 'new' },
    { moment: 'after it has got traffic', step: 'unblock', version: 1, machine: 'new' },
    { moment: 'after the switch', step: 'switch', version: 2, machine: 'old' },
    { moment: 'draining the old one', step: 'block', version: 2, machine: 'old' },
    { moment: 'with the old one switched off', step: 'power-shutdown', version: 2, machine: 'old' },
    { moment: 'with the old one removed', step: 'return-old', version: 2, machine: undefined },
  ])('$moment leaves nothing unlisted, and endQuarantine takes it away', async ({ step, version, machine }) => {
    await using beside = await prepare()
    const { fleet, manager, stopAt } = beside
    const [before] = (await machinesOf(fleet)).get(SLOT) ?? []
    const run = await stopAt(`${SLOT}/${step}`, await upgrade(fleet))
    const error = await refusal(run.result())
    expect(error).toMatchObject({ code: 'ERR_CANCELLED', details: { halfDone: [SLOT] } })
    expect(standing(await manager.units.get(UNIT))[0]).toBe(stood(version))
    expect(await unlisted(fleet)).toEqual([])
    const [left, ...others] = await besideOf(manager)
    expect(others).toEqual([])
    expect(left?.runId).toBe(run.id)
    expect(left?.member).toBe(version === 1 ? `${SLOT}/2` : SLOT)
    expect(left?.addresses.map(({ address }) => address)).toEqual(
      version === 1 ? ['192.168.1.201', '192.168.2.201'] : ['192.168.1.101', '192.168.2.101'],
    )
    expect(left?.machines.map(({ id }) => (id === before?.id ? 'old' : 'new'))).toEqual(
      machine === undefined ? [] : [machine],
    )
    const { sentences } = await manager.explain(run.id, SLOT)
    expect(sentences.join(' ')).toContain(`brought there by run ${run.id}`)

    const { outcomes } = await manager.execute(endQuarantine, { unit: UNIT })
    expect(outcomes).toMatchObject([{ server: SLOT }])
    await expectClean(fleet)
    expect(standing(await manager.units.get(UNIT))[0]).toBe(stood(version))
    expect(await manager.execute(endQuarantine, { unit: UNIT })).toMatchObject({ outcomes: [] })
  })

  it('at any step leaves nothing unlisted, and the next roll takes it away before it begins', async () => {
    await using beside = await prepare()
    const { fleet, manager, stopAt } = beside
    const groups = ['vmgroup_3']
    const names = idsOf(await manager.plan(applyTemplate, rolls(await upgrade(fleet), groups)))
    expect(names.length).toBeGreaterThan(24)
    for (const [index, name] of names.entries()) {
      await stopAt(names.length - index, await upgrade(fleet), { groups })
      expect(await unlisted(fleet), name).toEqual([])
    }
    const last = await upgrade(fleet)
    await manager.execute(applyTemplate, rolls(last, groups))
    expect(standing(await manager.units.get(UNIT))[2]).toBe(`${SLOTS[2]} working in ${last.version}`)
    await expectClean(fleet)
  }, 120_000)

  it('after the switch: rolling the same version again only takes the rest away', async () => {
    await using beside = await prepare()
    const { fleet, manager, stopAt } = beside
    const version = await upgrade(fleet)
    await stopAt(`${SLOT}/power-shutdown`, version)
    const bound = (await manager.units.get(UNIT)).groups[0]?.servers[0]?.machine
    const { outcomes } = await manager.execute(applyTemplate, rolls(version))
    expect(outcomes).toMatchObject([{ server: SLOT, status: 'unchanged' }])
    expect((await manager.units.get(UNIT)).groups[0]?.servers[0]?.machine).toEqual(bound)
    await expectClean(fleet)
  })

  it('on the way back leaves nothing unlisted, and what is in quarantine stays there', async () => {
    await using beside = await prepare()
    const { fleet, manager, stopAt } = beside
    await stopAt(`${SLOT}/quarantine`, await breakVersion(fleet))
    expect(await unlisted(fleet)).toEqual([])
    const kept = (await manager.units.get(UNIT)).groups.flatMap(({ quarantine }) => quarantine)
    expect(kept).toHaveLength(1)
    expect((await besideOf(manager)).map(({ machines }) => machines)).toEqual([[]])
    await manager.execute(applyTemplate, rolls(await repaired(fleet)))
    expect((await manager.units.get(UNIT)).groups.flatMap(({ quarantine }) => quarantine)).toEqual(kept)
    expect((await machinesOf(fleet)).get(SLOT)).toHaveLength(2)
    expect(await besideOf(manager)).toEqual([])
    expect(await unlisted(fleet)).toEqual([])
  })

  it.each(['reserve-management', 'create@web-base:2'])(
    'when its process has died at %s leaves nothing unlisted either',
    async (step) => {
      await using beside = await prepare()
      const { fleet, manager, stopAt } = beside
      await stopAt(`${SLOT}/${step}`, await upgrade(fleet), { how: 'die' })
      await expect.poll(async () => (await machinesOf(fleet)).get(SLOT)?.length).toBe(step.startsWith('create') ? 2 : 1)
      expect(await unlisted(fleet)).toEqual([])
      expect(await besideOf(manager)).toHaveLength(1)
      await manager.execute(endQuarantine, { unit: UNIT })
      await expectClean(fleet)
    },
  )

  it.each([
    { by: 'endQuarantine', end: (manager: Manager) => manager.execute(endQuarantine, { unit: UNIT }) },
    { by: 'scaleIn', end: (manager: Manager) => manager.execute(scaleIn, { unit: UNIT, groups: ['vmgroup_1'] }) },
  ])('is drained before $by takes it away', async ({ end }) => {
    await using beside = await prepare()
    const { fleet, manager, stopAt } = beside
    await stopAt(`${SLOT}/unblock`, await upgrade(fleet))
    const [machine] = (await besideOf(manager)).flatMap(({ machines }) => machines)
    const from = await mark(fleet.world)
    await end(manager)
    const made = await mutationsSince(fleet.world, from)
    const about = made.filter(({ subject }) => subject === `${SLOT}/2` || subject === machine?.id)
    expect(about.map(({ call }) => call)).toEqual([
      'balancer.traffic',
      'balancer.traffic',
      'balancer.removeMember',
      'hypervisor.power',
      'hypervisor.remove',
    ])
  })

  it('is gone with its group', async () => {
    await using beside = await prepare()
    const { fleet, manager, stopAt } = beside
    await stopAt(`${SLOT}/unblock`, await upgrade(fleet))
    await manager.execute(scaleIn, { unit: UNIT, groups: ['vmgroup_1'] })
    expect(await unlisted(fleet)).toEqual([])
    expect((await machinesOf(fleet)).get(SLOT)).toBeUndefined()
  })

  it('is given back with its group', async () => {
    await using beside = await prepare()
    const { fleet, manager, stopAt } = beside
    await stopAt(`${SLOT}/unblock`, await upgrade(fleet))
    const ids = (await machinesOf(fleet)).get(SLOT)?.map(({ id }) => id) ?? []
    await manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    await manager.execute(detachGroups, { unit: UNIT, groups: ['vmgroup_1'] })
    const given = (await fleet.world.admin.machines()).filter(({ id }) => ids.includes(id))
    expect(given.map(({ marker }) => marker)).toEqual([undefined, undefined])
    const pools = await fleet.world.admin.pools()
    expect(
      pools.flatMap((pool) => pool.members.map(({ slot }) => slot)).filter((slot) => slot.startsWith(SLOT)),
    ).toEqual([])
  })

  it('is gone with its unit', async () => {
    await using beside = await prepare()
    const { fleet, manager, stopAt } = beside
    await stopAt(`${SLOT}/switch`, await upgrade(fleet))
    await manager.execute(deleteUnit, { unit: UNIT, detach: true })
    expect((await machinesOf(fleet)).size).toBe(0)
    expect(await unlisted(fleet)).toEqual([])
  })
})

describe('a replacement beside what serves that fails while it reserves', () => {
  it('lists the address of which nobody was told, so that it can be given back', async () => {
    let isAnswering = false
    await using beside = await prepare((pool) => ({
      ...pool,
      async reserve(network, id, call) {
        const address = await pool.reserve(network, id, call)
        if (isAnswering) return address
        throw new VmunitError('ERR_INTERNAL', 'The answer of the address pool was lost for good.')
      },
    }))
    const { fleet, manager } = beside
    const error = await refusal(manager.execute(applyTemplate, rolls(await upgrade(fleet))))
    expect(error.code).toBe('ERR_RUN_FAILED')
    expect(await unlisted(fleet)).toEqual([])
    isAnswering = true
    await manager.execute(endQuarantine, { unit: UNIT })
    await expectClean(fleet)
  })
})

/** The next version, whose application starts again. */
async function repaired({ manager }: Fleet): Promise<TemplateRef> {
  const commands = [['rm', '/etc/application.broken']] as const
  return (await manager.execute(patchTemplate, { template: 'web-base', commands })).version
}
