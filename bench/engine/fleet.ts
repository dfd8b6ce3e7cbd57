import {
  attachGroups,
  createManager,
  type DefinitionSource,
  type GroupDeclaration,
  importDefinition,
  type Manager,
  type ManagerOptions,
  start,
  type Tier,
  updateUnit,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { createWorld, virtualClock, type World, type WorldOptions } from '@vmunit/core/testing'

/** The unit that everything here is about. */
export const UNIT = 'gyoumu_a'

/** The store works between turns of the event loop, which must not pass for idleness. */
const IDLE_TURNS = 12

const TIER: Tier = {
  id: 'web',
  type: 'combined-tier',
  startOrder: 1,
  template: 'web-base',
  application: {
    start: ['systemctl', 'start', 'application'],
    stop: ['systemctl', 'stop', 'application'],
    health: ['systemctl', 'is-active', 'application'],
    startTimeoutMs: 60_000,
  },
  balancer: { name: 'edge', pool: UNIT, port: 80, drainTimeoutMs: 10_000 },
  networks: { management: 'management', service: 'service' },
}

const DEFINITION: DefinitionSource = { tiers: [TIER], files: [], async *read() {} }

export interface Fleet extends AsyncDisposable {
  readonly manager: Manager
  readonly world: World
  /** Virtual milliseconds. */
  now(): number
}

export interface FleetOptions {
  readonly groups: number
  readonly serversPerGroup: number
  readonly storePath: string
  readonly world?: WorldOptions | undefined
  readonly manager?: Partial<ManagerOptions> | undefined
}

/** A unit whose servers all serve version 1 of their template, in a simulated world with virtual time; version 2 is there. */
export async function createFleet(options: FleetOptions): Promise<Fleet> {
  const { storePath } = options
  const clock = virtualClock({ idleTurns: IDLE_TURNS })
  const world = createWorld({ ...options.world, clock })
  const store = openSqliteStore(storePath)
  const manager = createManager({
    hypervisors: { main: world.hypervisor },
    balancers: { edge: world.balancer },
    guests: world.guests,
    store,
    clock,
    principal: { name: 'user_a', role: 'builder' },
    ...options.manager,
  })
  const image = await world.admin.addImage({ template: 'web-base', version: 1, files: { '/etc/release': '1' } })
  await manager.templates.register({ name: 'web-base', hypervisor: 'main', image })
  const groups = declarations(options)
  for (const { name, servers } of groups) {
    for (const [index, { address, serviceAddress = '' }] of servers.entries()) {
      await world.admin.addMachine({
        name: `${name}-${index}`,
        image,
        addresses: [address, serviceAddress],
        power: 'on',
      })
    }
  }
  await manager.units.create({ name: UNIT, hypervisor: 'main', description: '' })
  const { hash } = await manager.definitions.add(DEFINITION)
  await manager.execute(importDefinition, { unit: UNIT, definition: hash })
  await manager.execute(attachGroups, { unit: UNIT, groups, adopt: true })
  await manager.execute(updateUnit, { unit: UNIT })
  await manager.execute(start, { unit: UNIT })
  return {
    manager,
    world,
    now: () => clock.now(),
    async [Symbol.asyncDispose]() {
      await manager.close()
      await store.close()
      await world.close()
    },
  }
}

function declarations({ groups, serversPerGroup }: FleetOptions): readonly GroupDeclaration[] {
  return Array.from({ length: groups }, (_, group) => ({
    name: `vmgroup_${String(group + 1).padStart(5, '0')}`,
    servers: Array.from({ length: serversPerGroup }, (__, index) => {
      const number = group * serversPerGroup + index
      const host = `${number >> 8}.${number & 255}`
      return { tierId: 'web', address: `10.1.${host}`, port: 20580, serviceAddress: `10.2.${host}` }
    }),
  }))
}
