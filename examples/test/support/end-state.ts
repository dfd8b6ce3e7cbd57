import type { ManagementUnit } from '@vmunit/core'
import type { MachineTruth, PoolTruth, WorldEvent } from '@vmunit/core/testing'
import { openSimulatedDataCentre } from '../../demo/simulated-data-centre.ts'
import { openSite } from '../../demo/site.ts'

/** What a demo left behind: as the store says, as it really is, and how it came to be. */
export interface Remains {
  readonly units: readonly ManagementUnit[]
  readonly machines: readonly MachineTruth[]
  readonly images: ReadonlyMap<string, string>
  readonly pools: readonly PoolTruth[]
  readonly packages: ReadonlyMap<string, string>
  readonly events: readonly WorldEvent[]
}

/** Reads what is in a demo's directory and ends its data centre. */
export async function readRemains(directory: string): Promise<Remains> {
  const dataCentre = await openSimulatedDataCentre(directory)
  const { manager, close } = await openSite(directory, dataCentre)
  const { world } = dataCentre
  try {
    const units = await manager.as({ name: 'admin', role: 'administrator' }).units.list()
    const machines = await world.admin.machines()
    const images = await world.admin.images()
    const packages = new Map<string, string>()
    for (const { id } of machines) {
      packages.set(id, (await world.admin.readFile(id, '/var/log/packages.log')) ?? '')
    }
    return {
      units,
      machines,
      images: new Map(images.map(({ id, template, version }) => [id, `${template} ${version}`])),
      pools: await world.admin.pools(),
      packages,
      events: await world.admin.log(),
    }
  } finally {
    await close({ keep: false })
  }
}

/** Everything that must not depend on whether and when the demo was killed; without ids that random names decide. */
export function endState({ units, machines, images, pools, packages }: Remains): unknown {
  const truths = new Map(machines.map((machine) => [machine.id, machine]))
  return {
    slots: units.flatMap((unit) =>
      unit.groups.flatMap((group) =>
        group.servers.map(({ machine, ...server }) => {
          const truth = truths.get(machine?.id ?? '')
          return {
            unit: unit.name,
            quarantine: group.quarantine.length,
            server,
            machine: {
              power: truth?.power,
              addresses: truth?.addresses,
              lineage: truth?.lineage.map((id) => images.get(id)),
              services: truth?.services,
              serving: truth?.serving,
              marker: [truth?.marker?.unit, truth?.marker?.slot],
              packages: packages.get(truth?.id ?? ''),
            },
          }
        }),
      ),
    ),
    pools: pools.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    images: [...images.values()].sort(),
    machines: machines.length,
  }
}

/** How many machines the data centre has ever had: it counts them, and gives no number twice. */
export function machinesEverMade({ machines }: Remains): number {
  return Math.max(...machines.map(({ id }) => Number(id.slice(id.lastIndexOf('-') + 1))))
}

/** Creations that took effect, by operation id. */
export function creations({ events }: Remains): readonly string[] {
  const ended = events.filter((event) => event.type === 'call' && event.call === 'hypervisor.create')
  const effective = ended.filter((event) => 'outcome' in event && event.outcome === 'ok')
  return [...new Set(effective.map((event) => ('operationId' in event ? (event.operationId ?? '') : '')))]
}

/** How many groups of a unit served when the fleet was built, which is when the patch begins, and at each change since. */
export function servingGroups({ units, events }: Remains, name: string): readonly number[] {
  const groups = units.find((unit) => unit.name === name)?.groups ?? []
  const built = events.findIndex((event) => event.type === 'begun' && event.call === 'hypervisor.create')
  const serving = new Map<string, number>()
  const count = (): number =>
    groups.filter(({ servers }) => servers.every(({ slot }) => (serving.get(slot) ?? 0) > 0)).length
  const counts: number[] = []
  for (const [index, event] of events.entries()) {
    if (index === built) counts.push(count())
    if (event.type !== 'serving' || event.unit !== name || event.slot === null) continue
    serving.set(event.slot, (serving.get(event.slot) ?? 0) + (event.serving ? 1 : -1))
    if (index > built) counts.push(count())
  }
  return counts
}

/** The machines that are bound to a slot of a unit. */
export function boundMachines({ units, machines }: Remains, name: string): readonly MachineTruth[] {
  const unit = units.find((each) => each.name === name)
  const ids = new Set(unit?.groups.flatMap(({ servers }) => servers.map(({ machine }) => machine?.id)))
  return machines.filter(({ id }) => ids.has(id))
}
