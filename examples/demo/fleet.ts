import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import {
  attachGroups,
  type Call,
  type DefinitionSource,
  type GroupDeclaration,
  importDefinition,
  type Manager,
  start,
  type Tier,
  updateUnit,
  type VirtualServer,
} from '@vmunit/core'
import { parseVirtualServerInfo, readDefinition } from '@vmunit/xml-schema'
import type { DataCentre } from './data-centre.ts'
import type { Screen } from './screen.ts'
import type { Site } from './site.ts'

interface UnitPlan {
  readonly name: string
  readonly description: string
  readonly manager: Manager
}

/**
 * Builds what the story begins with: templates in version 1, unit gyoumu_a, the unit gyoumu_b of somebody else, and
 * machines that are nobody's business. Each part is skipped when it is there, so this can be interrupted anywhere.
 */
export async function buildFleet({ manager, dataCentre }: Site, screen: Screen, { signal }: Call): Promise<void> {
  const images = new Map<string, string>()
  for (const template of ['web-base', 'app-base']) images.set(template, await dataCentre.provideImage(template))
  await provideStrangers(dataCentre, images.get('web-base') ?? '')
  const registered = new Set((await manager.templates.list()).map(({ name }) => name))
  for (const [name, image] of images) {
    if (!registered.has(name)) await manager.templates.register({ name, hypervisor: 'main', image })
  }
  const units: readonly UnitPlan[] = [
    { name: 'gyoumu_a', description: '業務A', manager },
    { name: 'gyoumu_b', description: '業務B', manager: manager.as({ name: 'user_b', role: 'builder' }) },
  ]
  const built = await Promise.all(
    units.map(async (unit) => {
      const declared = parseVirtualServerInfo(await readFile(pathOf(`${unit.name}/virtualserver-info.xml`)))
      const groups = dataCentre.place(declared)
      const definition = await readDefinition(pathOf(`${unit.name}/definition`))
      const imageOf = (tierId: string): string => images.get(templateOf(definition.tiers, tierId)) ?? ''
      const provide = async (missing: readonly GroupDeclaration[]): Promise<void> =>
        await provideMachines(dataCentre, missing, { prefix: unit.name, imageOf })
      await buildUnit(unit, { groups, definition, provide }, { signal })
      const servers = groups.flatMap((group) => group.servers)
      return `${unit.name} (${unit.description}): ${groups.length} groups, ${servers.length} servers at work`
    }),
  )
  for (const line of built) screen.say(line)
}

interface UnitFiles {
  readonly groups: readonly GroupDeclaration[]
  readonly definition: DefinitionSource
  /** Asks the resource manager for machines. */
  provide(groups: readonly GroupDeclaration[]): Promise<void>
}

async function buildUnit(
  { name, description, manager }: UnitPlan,
  { groups, definition, provide }: UnitFiles,
  call: Call,
): Promise<void> {
  const existing = await manager.units.list()
  if (!existing.some((unit) => unit.name === name)) {
    await manager.units.create({ name, description, hypervisor: 'main' })
  }
  const { hash } = await manager.definitions.add(definition)
  const unit = await manager.units.get(name)
  if (unit.definition !== hash) await manager.execute(importDefinition, { unit: name, definition: hash }, call)
  const missing = groups.filter((group) => !unit.groups.some((attached) => attached.name === group.name))
  if (missing.length > 0) {
    await provide(missing)
    await manager.execute(attachGroups, { unit: name, groups: missing, adopt: true }, call)
  }
  if (await hasServers('initial')) await manager.execute(updateUnit, { unit: name }, call)
  if (await hasServers('stopped')) await manager.execute(start, { unit: name }, call)

  async function hasServers(status: VirtualServer['status']): Promise<boolean> {
    const { groups: attached } = await manager.units.get(name)
    return attached.some(({ servers }) => servers.some((server) => server.status === status))
  }
}

/**
 * The resource manager's answer to "machines for these groups, please": one for each server, switched on. They bear no
 * marker; the manager adopts them when their groups are attached.
 */
async function provideMachines(
  dataCentre: DataCentre,
  groups: readonly GroupDeclaration[],
  { prefix, imageOf }: { readonly prefix: string; readonly imageOf: (tierId: string) => string },
): Promise<void> {
  for (const { name, servers } of groups) {
    for (const { tierId, address, serviceAddress } of servers) {
      const addresses = serviceAddress === undefined ? [address] : [address, serviceAddress]
      await dataCentre.provideMachine({ name: `${prefix}-${name}-${tierId}`, image: imageOf(tierId), addresses })
    }
  }
}

/** Machines of somebody else, whose names look as if they were ours. */
async function provideStrangers(dataCentre: DataCentre, image: string): Promise<void> {
  const strangers = {
    name: 'strangers',
    servers: [11, 12].map((host) => ({ tierId: '', port: 22, address: `172.16.0.${host}` })),
  }
  const [first = '', second = ''] = dataCentre.place([strangers])[0]?.servers.map(({ address }) => address) ?? []
  const name = 'gyoumu_a-vmgroup_1-combined-system01-old'
  await dataCentre.provideMachine({ name, image, addresses: [first] })
  await dataCentre.provideMachine({ name: 'vmgroup_1-combined-system01-0-5d41402abc', image, addresses: [second] })
}

function templateOf(tiers: readonly Tier[], tierId: string): string {
  return tiers.find(({ id }) => id === tierId)?.template ?? ''
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url))
}
