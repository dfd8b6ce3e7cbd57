import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  attachGroups,
  createManager,
  type GroupDeclaration,
  importDefinition,
  type Manager,
  type ManagerOptions,
  start,
  updateUnit,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { readDefinition } from '@vmunit/xml-schema'
import { openPorts } from '../site/ports.ts'
import type { Site, WatchedGroup } from '../site/site.ts'
import { recordedStore } from './recorded-store.ts'
import { TIMING } from './timing.ts'

const DEFINITION = fileURLToPath(new URL('../definition', import.meta.url))

/** A manager over a site, with the templates `web-base` and `app-base` registered in version 1. */
export interface Fleet extends AsyncDisposable {
  readonly site: Site
  readonly manager: Manager
  readonly storePath: string
  /** Ids of the images of version 1, by template. */
  readonly images: ReadonlyMap<string, string>
  /** In which test each run began. */
  readonly tests: Map<string, string>
}

/** Opens a manager with a new store over a site; the store goes with it, unless a directory is named. */
export async function createFleet(site: Site, given?: string): Promise<Fleet> {
  await using opened = new AsyncDisposableStack()
  const directory = given ?? (await mkdtemp(join(tmpdir(), 'vmunit-fleet-')))
  if (given === undefined) opened.defer(async () => await rm(directory, { recursive: true }))
  const images = new Map<string, string>()
  const storePath = join(directory, 'vmunit.db')
  const fleet = opened.use(await openFleet({ site, storePath, images, tests: new Map() }))
  for (const name of ['web-base', 'app-base']) {
    const image = await site.provideImage(name)
    images.set(name, image)
    await fleet.manager.templates.register({ name, hypervisor: 'main', image })
  }
  const rest = opened.move()
  return { ...fleet, [Symbol.asyncDispose]: async () => await rest.disposeAsync() }
}

/** Opens a manager over a site with the store at this path, which may be there already. */
export async function openFleet(
  { site, storePath, images, tests }: Pick<Fleet, 'site' | 'storePath' | 'images' | 'tests'>,
  options: Partial<ManagerOptions> = {},
): Promise<Fleet> {
  await using opened = new AsyncDisposableStack()
  const ports = opened.use(await openPorts(site.connection))
  const store = opened.use(recordedStore(openSqliteStore(storePath), { site: site.name, storePath, tests }))
  const manager = opened.use(
    createManager({
      ...ports,
      // Whoever reads a journal sees by it which ports were used.
      id: site.name,
      store,
      principal: { name: 'user_a', role: 'builder' },
      timing: TIMING,
      audit: 'everything',
      ...options,
    }),
  )
  const rest = opened.move()
  return { site, manager, storePath, images, tests, [Symbol.asyncDispose]: async () => await rest.disposeAsync() }
}

/** Three groups with four servers: two of one combined server each, one of a web and an application server. */
export function storyGroups(site: Site, firstHost = 1): readonly GroupDeclaration[] {
  const server = (tierId: string, host: number): GroupDeclaration['servers'][number] => ({
    tierId,
    port: 20580,
    ...site.addresses(firstHost + host),
  })
  return [
    { name: 'vmgroup_1', servers: [server('combined', 0)] },
    { name: 'vmgroup_2', servers: [server('combined', 1)] },
    { name: 'vmgroup_3', servers: [server('web', 2), server('app', 3)] },
  ]
}

/** Groups as an onlooker knows them. */
export function watched(groups: readonly GroupDeclaration[]): readonly WatchedGroup[] {
  return groups.map(({ name, servers }) => {
    const count = new Map<string, number>()
    return {
      name,
      servers: servers.map(({ tierId, address, serviceAddress = address }) => {
        const ordinal = count.get(tierId) ?? 0
        count.set(tierId, ordinal + 1)
        return { slot: `${name}/${tierId}/${ordinal}`, address, serviceAddress }
      }),
    }
  })
}

/** The resource manager's work: a running machine for each server. */
export async function provideMachines(
  { site, images }: Fleet,
  { unit, groups }: { readonly unit: string; readonly groups: readonly GroupDeclaration[] },
): Promise<void> {
  await Promise.all(
    groups.flatMap(({ name, servers }) =>
      servers.map(async ({ tierId, address, serviceAddress }) => {
        const image = images.get(tierId === 'app' ? 'app-base' : 'web-base') ?? ''
        const addresses = serviceAddress === undefined ? [address] : [address, serviceAddress]
        await site.provideMachine({ name: `${unit}-${name}-${tierId}`, image, addresses })
      }),
    ),
  )
}

/** Creates a unit with these groups, and imports its definition; its servers are yet to be attached. */
export async function createUnit(
  fleet: Fleet,
  { unit, groups }: { readonly unit: string; readonly groups: readonly GroupDeclaration[] },
): Promise<void> {
  const { manager } = fleet
  await provideMachines(fleet, { unit, groups })
  await manager.units.create({ name: unit, hypervisor: 'main', description: '業務' })
  const { hash } = await manager.definitions.add(await readDefinition(DEFINITION))
  await manager.execute(importDefinition, { unit, definition: hash })
}

/** A unit whose servers run. */
export async function buildUnit(
  fleet: Fleet,
  { unit, groups }: { readonly unit: string; readonly groups: readonly GroupDeclaration[] },
): Promise<void> {
  const { manager } = fleet
  await createUnit(fleet, { unit, groups })
  await manager.execute(attachGroups, { unit, groups, adopt: true })
  await manager.execute(updateUnit, { unit })
  await manager.execute(start, { unit })
}
