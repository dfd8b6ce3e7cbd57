import type { DirectClient } from '../proxy/direct-client.ts'
import type { Reference } from '../proxy/soap.ts'

/** Where new machines go: there is one of each. */
export interface InventoryPlaces {
  readonly folder: Reference
  readonly pool: Reference
  readonly datastore: Reference
  readonly datastoreName: string
  /** Port groups by name, as the XML of a network card's backing. */
  readonly networks: ReadonlyMap<string, string>
}

/** The port groups that the testbed has, as a unit with management and service addresses needs them. */
export const networkNames = ['management', 'service'] as const

async function addPortGroups(direct: DirectClient): Promise<void> {
  const [dvs] = await direct.read('DistributedVirtualSwitch', ['name'])
  if (dvs === undefined) return
  const specs = networkNames.map((name) => `<spec><name>${name}</name><type>earlyBinding</type></spec>`)
  await direct.run('AddDVPortgroup_Task', dvs.reference, specs.join(''))
}

async function readNetworks(direct: DirectClient): Promise<ReadonlyMap<string, string>> {
  const [dvs] = await direct.read('DistributedVirtualSwitch', ['uuid'])
  const groups = await direct.read('DistributedVirtualPortgroup', ['name', 'key'])
  const uuid = dvs?.properties.get('uuid') ?? ''
  return new Map(
    groups.map(({ properties }) => {
      const port = `<switchUuid>${uuid}</switchUuid><portgroupKey>${properties.get('key') ?? ''}</portgroupKey>`
      const type = 'VirtualEthernetCardDistributedVirtualPortBackingInfo'
      return [properties.get('name') ?? '', `<backing xsi:type="${type}"><port>${port}</port></backing>`]
    }),
  )
}

/** Makes the port groups and finds the rest. */
export async function findPlaces(direct: DirectClient): Promise<InventoryPlaces> {
  await addPortGroups(direct)
  const folders = await direct.read('Folder', ['name', 'childType'])
  const [pool] = await direct.read('ResourcePool', ['name'])
  const [datastore] = await direct.read('Datastore', ['name'])
  const folder = folders.find(({ properties }) => properties.get('childType')?.includes('VirtualMachine'))
  if (folder === undefined || pool === undefined || datastore === undefined) {
    throw new Error('vcsim has no folder, resource pool or datastore for machines')
  }
  return {
    folder: folder.reference,
    pool: pool.reference,
    datastore: datastore.reference,
    datastoreName: datastore.properties.get('name') ?? '',
    networks: await readNetworks(direct),
  }
}
