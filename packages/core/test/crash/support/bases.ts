import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import {
  attachGroups,
  block,
  type Clock,
  createManager,
  type GroupDeclaration,
  importDefinition,
  type Manager,
  mark,
  type Plain,
  patchTemplate,
  recoverServer,
  type StateStore,
  start,
  updateUnit,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { connectWorld, createWorld, startWorld, type World } from '@vmunit/core/testing'
import { BYSTANDER, BYSTANDERS, definitionOf, GROUPS, UNIT, USER_SCRIPT } from './fleet-parts.ts'

/** How far the fleet is when a scenario begins. */
export const BASE_NAMES = [
  'provided',
  'attached',
  'updated',
  'running',
  'patched',
  'imported',
  'kept',
  'blocked',
] as const
export type BaseName = (typeof BASE_NAMES)[number]

/** Prepared once, used by many cases. */
export interface Bases extends AsyncDisposable {
  readonly directory: string
  /** A database that holds the definitions' bytes; its documents are those of the last base. */
  readonly database: string
  readonly documents: Readonly<Record<BaseName, ReadonlyMap<string, Plain>>>
  /** Where the world of a base is; copied before it is used. */
  worldOf(base: BaseName): string
  /** The database as it was with that base. */
  databaseOf(base: BaseName): string
  /** The edition of the definition that is not registered yet. */
  readonly nextDefinition: string
  /** The hash of a user script directory. */
  readonly script: string
}

export const WORLD_FILE = 'world.jsonl'

/** Long enough to go on while a manager dies and its successor looks. */
const LATENCY_MS = { create: 150, publish: 150, power: 20 }

/** `slow`: creations, publications and switching take their time; otherwise nothing in the world takes any. */
export function openCopiedWorld(directory: string, { slow }: { readonly slow: boolean }): World {
  const clock: Clock = {
    now: () => Date.now(),
    sleep: async (ms, { signal } = {}) => await setTimeout(slow ? ms : 0, undefined, { signal }),
  }
  return createWorld({ file: join(directory, WORLD_FILE), hideMarkerWhileCreating: true, latencyMs: LATENCY_MS, clock })
}

/** The same in a process of its own, which outlives every manager. */
export async function openWorldProcess(
  directory: string,
  { slow }: { readonly slow: boolean },
): Promise<{ readonly world: World; readonly socket: string }> {
  const settings = { hideMarkerWhileCreating: true, ...(slow && { latencyMs: LATENCY_MS }) }
  const { socket } = await startWorld({ directory, world: settings })
  return { world: await connectWorld(socket), socket }
}

/** Builds a fleet step by step and keeps a copy of it after each. */
export async function prepareBases(): Promise<Bases> {
  const directory = await mkdtemp(join(tmpdir(), 'vmunit-crash-'))
  // Processes that are started by the hundred read their compiled sources from here.
  process.env['NODE_COMPILE_CACHE'] ??= join(directory, 'compiled')
  const database = join(directory, 'base.db')
  const worldOf = (base: BaseName): string => join(directory, `world-${base}`)
  const databaseOf = (base: BaseName): string => join(directory, `store-${base}.db`)
  const present = join(directory, 'world')
  const documents: Partial<Record<BaseName, ReadonlyMap<string, Plain>>> = {}
  let nextDefinition = ''
  let script = ''

  const work: Readonly<Record<BaseName, (manager: Manager, world: World) => Promise<void>>> = {
    async provided(manager, world) {
      const images = await registerTemplates(manager, world)
      await provide(world, images, { prefix: BYSTANDER, groups: BYSTANDERS })
      await create(manager, BYSTANDER)
      await attach(manager, BYSTANDER, BYSTANDERS)
      await manager.execute(updateUnit, { unit: BYSTANDER })
      await manager.execute(start, { unit: BYSTANDER })
      await manager.execute(mark, { unit: BYSTANDER, group: 'vmgroup_1', comment: '調査中' })
      await provide(world, images, { prefix: UNIT, groups: GROUPS })
      await world.admin.addMachine({
        name: `${UNIT}-vmgroup_1`,
        image: images.web,
        addresses: ['10.0.0.9'],
        power: 'on',
      })
      await create(manager, UNIT)
    },
    attached: async (manager) => await attach(manager, UNIT, GROUPS),
    updated: async (manager) => void (await manager.execute(updateUnit, { unit: UNIT })),
    running: async (manager) => void (await manager.execute(start, { unit: UNIT })),
    async patched(manager) {
      const template = 'web-base'
      await manager.execute(patchTemplate, { template, commands: [['dnf', '-y', 'upgrade']] })
      await manager.execute(patchTemplate, { template, commands: [['touch', '/etc/application.broken']] })
      nextDefinition = (await manager.definitions.add(definitionOf(UNIT, 2))).hash
      script = (await manager.definitions.add(USER_SCRIPT)).hash
    },
    async imported(manager) {
      const { hash } = await manager.definitions.add(definitionOf(UNIT, 1, 2))
      await manager.execute(importDefinition, { unit: UNIT, definition: hash })
    },
    async kept(manager) {
      await manager.execute(recoverServer, { unit: UNIT, server: '192.168.1.101', by: 'replace' })
    },
    blocked: async (manager) => void (await manager.execute(block, { unit: UNIT, groups: ['vmgroup_1'] })),
  }

  for (const name of BASE_NAMES) {
    const world = openCopiedWorld(present, { slow: false })
    const store = openSqliteStore(database)
    const manager = managerOver(world, store)
    await work[name](manager, world)
    await manager.close()
    documents[name] = await documentsOf(store)
    await store.close()
    await world.close()
    await cp(present, worldOf(name), { recursive: true })
    await cp(database, databaseOf(name))
  }
  return {
    directory,
    database,
    documents: documents as Record<BaseName, ReadonlyMap<string, Plain>>,
    worldOf,
    databaseOf,
    nextDefinition,
    script,
    // A process that is about to end may still write down what it compiled.
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true, force: true, maxRetries: 10 }),
  }
}

function managerOver(world: World, store: StateStore): Manager {
  return createManager({
    hypervisors: { main: world.hypervisor },
    balancers: { edge: world.balancer },
    guests: world.guests,
    store,
    principal: { name: 'user_a', role: 'builder' },
    timing: { pollMs: 20 },
  })
}

interface Images {
  readonly web: string
  readonly app: string
}

async function registerTemplates(manager: Manager, world: World): Promise<Images> {
  const add = async (name: string): Promise<string> => {
    const image = await world.admin.addImage({ template: name, version: 1, files: { '/etc/release': `${name} 1` } })
    await manager.templates.register({ name, hypervisor: 'main', image })
    return image
  }
  return { web: await add('web-base'), app: await add('app-base') }
}

async function provide(
  world: World,
  images: Images,
  { prefix, groups }: { readonly prefix: string; readonly groups: readonly GroupDeclaration[] },
): Promise<void> {
  for (const { name, servers } of groups) {
    for (const { tierId, address, serviceAddress = '' } of servers) {
      await world.admin.addMachine({
        name: `${prefix}-${name}-${tierId}`,
        image: tierId === 'app' ? images.app : images.web,
        addresses: [address, serviceAddress],
        power: 'on',
      })
    }
  }
}

async function create(manager: Manager, unit: string): Promise<void> {
  await manager.units.create({ name: unit, hypervisor: 'main' })
  const { hash } = await manager.definitions.add(definitionOf(unit, 1))
  await manager.execute(importDefinition, { unit, definition: hash })
}

async function attach(manager: Manager, unit: string, groups: readonly GroupDeclaration[]): Promise<void> {
  await manager.execute(attachGroups, { unit, groups, adopt: true })
}

/** What says that a run was started. */
const ABOUT_RUNS = ['run/', 'started']

/** Everything that is stored, but the records of runs. */
export async function documentsOf(store: StateStore): Promise<ReadonlyMap<string, Plain>> {
  const documents = new Map<string, Plain>()
  for await (const { key, value } of store.list('')) {
    if (!ABOUT_RUNS.some((prefix) => key.startsWith(prefix))) documents.set(key, value)
  }
  return documents
}
