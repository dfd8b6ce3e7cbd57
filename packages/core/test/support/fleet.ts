import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  attachGroups,
  createManager,
  type GroupDeclaration,
  importDefinition,
  type Manager,
  type ManagerOptions,
  start,
  type Tier,
  updateUnit,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { createWorld, type World, type WorldOptions } from '@vmunit/core/testing'
import { memoryDefinition, tierOf } from './memory-definition.ts'

/** The tiers of the story: most groups are one combined server, one group has a web and an application server. */
export const TIERS: readonly Tier[] = [
  tierOf({ id: 'combined', type: 'combined-tier', startOrder: 1, template: 'web-base', pool: 'gyoumu_a' }),
  tierOf({ id: 'app', type: 'j2ee-tier', startOrder: 1, template: 'app-base' }),
  tierOf({ id: 'web', type: 'http-tier', startOrder: 2, template: 'web-base', pool: 'gyoumu_a-web' }),
]

/** Groups of one combined server each, and one of a web and an application server. */
export function storyGroups(subnet = 1): readonly GroupDeclaration[] {
  const server = (tierId: string, host: number): GroupDeclaration['servers'][number] => ({
    tierId,
    address: `192.168.${subnet}.${host}`,
    port: 20580,
    serviceAddress: `192.168.${subnet + 1}.${host}`,
  })
  return [
    { name: 'vmgroup_1', servers: [server('combined', 101)] },
    { name: 'vmgroup_2', servers: [server('combined', 102)] },
    { name: 'vmgroup_3', servers: [server('web', 103), server('app', 104)] },
  ]
}

export interface Fleet extends AsyncDisposable {
  readonly world: World
  readonly manager: Manager
  readonly storePath: string
  /** Another manager over the same world and the same database. */
  another(options?: Partial<ManagerOptions>): Manager
  /** The resource manager's script: machines for these groups, made by hand and switched on. */
  provide(groups: readonly GroupDeclaration[], prefix: string): Promise<void>
  /** Imports, attaches, updates and starts a unit. */
  build(unit: string, groups: readonly GroupDeclaration[], tiers?: readonly Tier[]): Promise<void>
}

/** Patience for tests: nothing waits longer than it must. */
export const QUICK = { leaseMs: 2_000, pollMs: 50, retryForMs: 5_000, lookForMs: 5_000 }

/** A world, a database and a manager, with the templates of the story registered. */
export async function createFleet(options: WorldOptions & Partial<ManagerOptions> = {}): Promise<Fleet> {
  const directory = await mkdtemp(join(tmpdir(), 'vmunit-fleet-'))
  const storePath = join(directory, 'vmunit.db')
  const { latencyMs, seed, hideMarkerWhileCreating, limits, clock } = options
  const world = createWorld({ latencyMs, seed, hideMarkerWhileCreating, limits, clock })
  const stores = [openSqliteStore(storePath)]
  const managers: Manager[] = []
  const images = new Map<string, string>()

  function managerOver(store: ReturnType<typeof openSqliteStore>, more: Partial<ManagerOptions>): Manager {
    const manager = createManager({
      hypervisors: { main: world.hypervisor },
      balancers: { edge: world.balancer },
      guests: world.guests,
      store,
      principal: { name: 'user_a', role: 'builder' },
      timing: QUICK,
      ...more,
    })
    managers.push(manager)
    return manager
  }

  const [first] = stores
  if (first === undefined) throw new Error('no store')
  const { operations, timing = QUICK } = options
  const manager = managerOver(first, { operations, timing })
  for (const name of ['web-base', 'app-base']) {
    const image = await world.admin.addImage({ template: name, version: 1, files: { '/etc/release': `${name} 1` } })
    images.set(name, image)
    await manager.templates.register({ name, hypervisor: 'main', image })
  }

  async function provide(groups: readonly GroupDeclaration[], prefix: string): Promise<void> {
    for (const { name, servers } of groups) {
      for (const { tierId, address, serviceAddress } of servers) {
        await world.admin.addMachine({
          name: `${prefix}-${name}-${tierId}`,
          image: images.get(tierId === 'app' ? 'app-base' : 'web-base') ?? '',
          addresses: serviceAddress === undefined ? [address] : [address, serviceAddress],
          power: 'on',
        })
      }
    }
  }

  return {
    world,
    manager,
    storePath,
    provide,
    another(more = {}) {
      const store = openSqliteStore(storePath)
      stores.push(store)
      return managerOver(store, more)
    },
    async build(unit, groups, tiers = TIERS) {
      await provide(groups, unit)
      await manager.units.create({ name: unit, hypervisor: 'main', description: '業務' })
      const texts = Object.fromEntries(tiers.map(({ id }) => [`${id}/config/server.conf`, `tier ${id} of ${unit}`]))
      const hook = { 'hook/pre-setup': '#!/bin/sh\ntouch /var/lib/prepared' }
      const { hash } = await manager.definitions.add(memoryDefinition(tiers, { ...texts, ...hook }))
      await manager.execute(importDefinition, { unit, definition: hash })
      await manager.execute(attachGroups, { unit, groups, adopt: true })
      await manager.execute(updateUnit, { unit })
      await manager.execute(start, { unit })
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(managers.map((one) => one.close()))
      await Promise.all(stores.map((store) => store.close()))
      await world.close()
      await rm(directory, { recursive: true })
    },
  }
}
