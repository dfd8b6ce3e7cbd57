import { VmunitError } from '../errors.ts'
import { propertyText } from '../properties/property-object.ts'
import type { PropertyQuery } from '../properties/query.ts'
import type { Reference } from '../properties/reference.ts'
import { retrieve } from '../properties/retrieve.ts'
import type { Session } from '../session/session.ts'
import { distributedBacking, type PortGroup, standardBacking } from './ethernet-adapters.ts'

/**
 * The port group of a name, looked up among all networks of the endpoint.
 *
 * @throws VmunitError `ERR_NOT_FOUND` with the names that exist.
 */
export async function findPortGroup(session: Session, name: string, signal?: AbortSignal): Promise<PortGroup> {
  const { rootFolder } = await session.content(signal)
  const found = await retrieve(session, queryOf(rootFolder), { signal })
  const networks = found.filter(({ reference }) => NETWORK_TYPES.includes(reference.type))
  const network = networks.find((one) => propertyText(one, 'name') === name || one.reference.id === name)
  if (network === undefined) {
    const names = networks.map((one) => propertyText(one, 'name'))
    throw new VmunitError('ERR_NOT_FOUND', `There is no port group ${name}: correct networks, or create it.`, {
      details: { portGroup: name, exist: names.slice(0, 50) },
    })
  }
  const key = propertyText(network, 'key')
  const switchId = propertyText(network, 'config.distributedVirtualSwitch')
  const owner = found.find(({ reference }) => reference.id === switchId)
  const uuid = owner === undefined ? undefined : propertyText(owner, 'uuid')
  if (key === undefined || uuid === undefined) {
    return standardBacking(propertyText(network, 'name') ?? name, network.reference)
  }
  return distributedBacking(uuid, key)
}

const NETWORK_TYPES: readonly string[] = ['Network', 'DistributedVirtualPortgroup', 'OpaqueNetwork']

function queryOf(rootFolder: Reference): PropertyQuery {
  const along = [
    { name: 'folder', type: 'Folder', path: 'childEntity', next: ['folder', 'network'] },
    { name: 'network', type: 'Datacenter', path: 'network', next: ['switch'] },
    { name: 'switch', type: 'DistributedVirtualPortgroup', path: 'config.distributedVirtualSwitch' },
  ]
  return {
    properties: [
      { type: 'Network', paths: ['name'] },
      { type: 'DistributedVirtualPortgroup', paths: ['name', 'key', 'config.distributedVirtualSwitch'] },
      { type: 'DistributedVirtualSwitch', paths: ['uuid'] },
      { type: 'Folder', paths: ['name'] },
    ],
    objects: [{ start: rootFolder, along }],
  }
}
