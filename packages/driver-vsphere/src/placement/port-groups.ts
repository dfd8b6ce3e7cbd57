import { VmunitError } from '../errors.ts'
import { type PropertyObject, propertyText } from '../properties/property-object.ts'
import type { PropertyQuery } from '../properties/query.ts'
import type { Reference } from '../properties/reference.ts'
import { retrieve } from '../properties/retrieve.ts'
import type { Session } from '../session/session.ts'
import { childText } from '../soap/xml-node.ts'
import { decodeName, encodeName } from './entity-name.ts'
import { distributedBacking, opaqueBacking, type PortGroup, standardBacking } from './ethernet-adapters.ts'
import { resolveReference } from './resolve-reference.ts'

/**
 * The port group of a name, an id or an inventory path, looked up among all networks of the endpoint.
 *
 * @throws VmunitError `ERR_NOT_FOUND` with the names that exist, `ERR_INVALID_INPUT` when several have the name.
 */
export async function findPortGroup(session: Session, name: string, signal?: AbortSignal): Promise<PortGroup> {
  const { id } = await resolveReference(session, { name, type: 'Network', role: 'portGroup' }, signal)
  const { rootFolder } = await session.content(signal)
  const found = await retrieve(session, queryOf(rootFolder), { signal })
  const networks = found.filter(({ reference }) => NETWORK_TYPES.includes(reference.type))
  const byId = networks.filter(({ reference }) => reference.id === id)
  const [network, ...others] = byId.length > 0 ? byId : networks.filter((one) => nameOf(one) === name)
  if (network === undefined) {
    throw new VmunitError('ERR_NOT_FOUND', `There is no port group ${name}: correct networks, or create it.`, {
      details: { portGroup: name, exist: networks.map(nameOf).slice(0, 50) },
    })
  }
  if (others.length > 0) {
    const ids = [network, ...others].map(({ reference }) => reference.id)
    throw new VmunitError(
      'ERR_INVALID_INPUT',
      `There are ${ids.length} port groups ${name}. Pass the inventory path of one, for example /DC0/network/${encodeName(name)}, or its id: ${ids.join(', ')}.`,
      { details: { portGroup: name, ids } },
    )
  }
  return portGroupOf(network, found)
}

function portGroupOf(network: PropertyObject, found: readonly PropertyObject[]): PortGroup {
  const summary = network.properties.get('summary')
  const opaqueId = childText(summary, 'opaqueNetworkId')
  if (opaqueId !== undefined) return opaqueBacking(opaqueId, childText(summary, 'opaqueNetworkType'))
  const key = propertyText(network, 'key')
  const switchId = propertyText(network, 'config.distributedVirtualSwitch')
  const owner = found.find(({ reference }) => reference.id === switchId)
  const uuid = owner === undefined ? undefined : propertyText(owner, 'uuid')
  if (key === undefined || uuid === undefined) return standardBacking(nameOf(network), network.reference)
  return distributedBacking(uuid, key)
}

function nameOf(network: PropertyObject): string {
  return decodeName(propertyText(network, 'name') ?? '')
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
      // As a whole: its identity stands only in the summary of this type of network.
      { type: 'OpaqueNetwork', paths: ['name', 'summary'] },
      { type: 'DistributedVirtualSwitch', paths: ['uuid'] },
      { type: 'Folder', paths: ['name'] },
    ],
    objects: [{ start: rootFolder, along }],
  }
}
