import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  attachGroups,
  createManager,
  type GroupDeclaration,
  importDefinition,
  patchTemplate,
  start,
  updateUnit,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { connectWorld, createWorld, startWorld, type World } from '@vmunit/core/testing'
import { WORLD_FILE } from './bases.ts'
import { definitionOf, UNIT } from './fleet-parts.ts'

/** As many groups as steps may be in flight. */
export const CROWD = 64

/** Enough for every kind of call to be on its way at any moment. */
const LATENCY_MS = { create: 60, power: 20, remove: 20, exec: 10, push: 10, balancer: 10, look: 2 }

/** A unit of many groups that runs, and a version of its template that it does not have yet. */
export interface Crowd extends AsyncDisposable {
  /** A copy of database and world, for one story. */
  open(): Promise<OpenCrowd>
}

export interface OpenCrowd extends AsyncDisposable {
  readonly database: string
  readonly socket: string
  readonly world: World
}

const GROUPS: readonly GroupDeclaration[] = Array.from({ length: CROWD }, (_, index) => ({
  name: `vmgroup_${index + 1}`,
  servers: [
    {
      tierId: 'combined',
      address: `192.168.1.${index + 1}`,
      port: 20580,
      serviceAddress: `192.168.2.${index + 1}`,
    },
  ],
}))

/** Builds the unit once. */
export async function prepareCrowd(): Promise<Crowd> {
  const directory = await mkdtemp(join(tmpdir(), 'vmunit-crowd-'))
  // Processes that are started by the hundred read their compiled sources from here.
  process.env['NODE_COMPILE_CACHE'] ??= join(directory, 'compiled')
  const base = join(directory, 'base')
  await build(base)
  let opened = 0
  return {
    async open() {
      opened += 1
      const own = join(directory, String(opened))
      await cp(base, own, { recursive: true })
      const { socket } = await startWorld({ directory: own, world: { latencyMs: LATENCY_MS } })
      const world = await connectWorld(socket, { caller: 'successor' })
      return {
        database: databaseIn(own),
        socket,
        world,
        async [Symbol.asyncDispose]() {
          await world.stop()
          await rm(own, { recursive: true })
        },
      }
    },
    // A process that is about to end may still write down what it compiled.
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true, force: true, maxRetries: 10 }),
  }
}

function databaseIn(directory: string): string {
  return join(directory, 'vmunit.db')
}

async function build(directory: string): Promise<void> {
  await using world = createWorld({ file: join(directory, WORLD_FILE) })
  await using store = openSqliteStore(databaseIn(directory))
  await using manager = createManager({
    hypervisors: { main: world.hypervisor },
    balancers: { edge: world.balancer },
    guests: world.guests,
    store,
    principal: { name: 'user_a', role: 'builder' },
    timing: { pollMs: 20 },
  })
  const template = 'web-base'
  for (const name of [template, 'app-base']) {
    const image = await world.admin.addImage({ template: name, files: { '/etc/release': `${name} 1` } })
    await manager.templates.register({ name, hypervisor: 'main', image })
    if (name !== template) continue
    for (const { name: group, servers } of GROUPS) {
      const [server] = servers
      const addresses = [server?.address ?? '', server?.serviceAddress ?? '']
      await world.admin.addMachine({ name: group, image, addresses, power: 'on' })
    }
  }
  await manager.units.create({ name: UNIT, hypervisor: 'main' })
  const { hash } = await manager.definitions.add(definitionOf(UNIT, 1))
  await manager.execute(importDefinition, { unit: UNIT, definition: hash })
  await manager.execute(attachGroups, { unit: UNIT, groups: GROUPS, adopt: true })
  await manager.execute(updateUnit, { unit: UNIT })
  await manager.execute(start, { unit: UNIT })
  await manager.execute(patchTemplate, { template, commands: [['dnf', '-y', 'upgrade']] })
}
