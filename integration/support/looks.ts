import type { ManagementUnit, Manager } from '@vmunit/core'
import type { Site, SiteMachine } from '../site/site.ts'

/** `slot status traffic version` for every server of a unit. */
export function standing({ groups }: ManagementUnit): readonly string[] {
  return groups.flatMap(({ servers }) =>
    servers.map(({ slot, status, traffic, templateVersion }) => `${slot} ${status} ${traffic} ${templateVersion}`),
  )
}

/** The machines that bear the marker of a unit, by slot, as the platform has them. */
export async function machinesOf(site: Site, unit: string): Promise<ReadonlyMap<string, readonly SiteMachine[]>> {
  const machines = (await site.machines()).filter(({ marker }) => marker?.unit === unit)
  return Map.groupBy(machines, ({ marker }) => marker?.slot ?? '')
}

/** The one machine of a slot. */
export async function machineOf(site: Site, unit: string, slot: string): Promise<SiteMachine> {
  const machines = (await machinesOf(site, unit)).get(slot) ?? []
  const [machine] = machines
  if (machine === undefined || machines.length > 1) throw new Error(`${machines.length} machines in ${slot}`)
  return machine
}

/** The content of a file in every server of a unit, by slot. */
export async function fileInEach(
  { site, manager }: { readonly site: Site; readonly manager: Manager },
  unit: string,
  path: string,
): Promise<Readonly<Record<string, string | undefined>>> {
  const { groups } = await manager.units.get(unit)
  const found = groups.flatMap(({ servers }) =>
    servers.map(async ({ slot, machine }) => [slot, await site.readFile(machine?.id ?? '', path)] as const),
  )
  return Object.fromEntries(await Promise.all(found))
}
