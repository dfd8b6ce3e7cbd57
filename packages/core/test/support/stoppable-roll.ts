import { setTimeout } from 'node:timers/promises'
import {
  type AddressPool,
  type ApplyTemplateInput,
  applyTemplate,
  type Beside as BesideServer,
  createAddressPool,
  createManager,
  type Manager,
  type Plan,
  type Run,
  type StateStore,
  stepsOf,
  type TemplateRef,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { expect } from 'vitest'
import { createFleet, type Fleet, QUICK, storyGroups } from './fleet.ts'
import { machinesOf, SLOTS, UNIT, upgrade } from './story.ts'

const NETWORKS = ['management', 'service'] as const
export interface StoppableRoll extends AsyncDisposable {
  readonly fleet: Fleet
  readonly manager: Manager
  /** Starts a roll, and stops it in this way as soon as a step has begun; what is in flight comes to its end. A number counts from the last step on. */
  stopAt(step: string | number, roll: ApplyTemplateInput | Planner, how?: HowToStop): Promise<Run>
}

/** Plans what is stopped, where that is no roll. */
export type Planner = (manager: Manager) => Promise<Plan>

/** `die`: its process dies, and it is cancelled by another one. */
type HowToStop = 'cancel' | 'die'

/** The unit of the story, and a manager with a pool of addresses that can be stopped at any step. */
export async function prepareRoll(wrap: (pool: AddressPool) => AddressPool = (pool) => pool): Promise<StoppableRoll> {
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
    roll: ApplyTemplateInput | Planner,
    how: HowToStop = 'cancel',
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
    const plan = typeof roll === 'function' ? await roll(mover) : await mover.plan(applyTemplate, roll)
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

/** The steps of a plan, in order. */
export function idsOf(plan: Plan): readonly string[] {
  return plan.phases.flatMap(({ changes }) => changes.flatMap((change) => stepsOf(plan, change).map(({ id }) => id)))
}

/** What stands beside the servers of the unit. */
export async function besideOf(manager: Manager): Promise<readonly BesideServer[]> {
  const { groups } = await manager.units.get(UNIT)
  return groups.flatMap(({ servers }) => servers.flatMap(({ beside }) => beside ?? []))
}

/** What is there although no record of the unit tells of it: machines, members of pools, addresses in use. */
export async function unlisted(fleet: Fleet): Promise<readonly string[]> {
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
  const members = new Set([
    ...servers.map(({ slot, member = slot }) => member),
    ...beside.flatMap(({ member }) => member ?? []),
  ])
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
export async function expectClean(fleet: Fleet): Promise<void> {
  expect(await besideOf(fleet.manager)).toEqual([])
  expect(await unlisted(fleet)).toEqual([])
  for (const slot of SLOTS) expect((await machinesOf(fleet)).get(slot), slot).toHaveLength(1)
  const machines = [...(await machinesOf(fleet)).values()].flat()
  expect(machines.filter(({ serving }) => !serving)).toEqual([])
}

/** Cancels a roll at a step, after which its server stands on the new version: the same roll again only clears up. */
export async function expectOnlyCleared(
  { fleet, manager, stopAt }: StoppableRoll,
  {
    slot,
    step,
    rolls,
  }: { readonly slot: string; readonly step: string; rolls(version: TemplateRef): ApplyTemplateInput },
): Promise<void> {
  const version = await upgrade(fleet)
  await stopAt(`${slot}/${step}`, rolls(version))
  const bound = (await manager.units.get(UNIT)).groups[0]?.servers[0]?.machine
  const { outcomes } = await manager.execute(applyTemplate, rolls(version))
  expect(outcomes).toMatchObject([{ server: slot, status: 'unchanged' }])
  expect((await manager.units.get(UNIT)).groups[0]?.servers[0]?.machine).toEqual(bound)
  await expectClean(fleet)
}
