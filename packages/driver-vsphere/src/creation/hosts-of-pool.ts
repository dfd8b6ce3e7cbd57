import { type PropertyObject, propertyText, referencesIn } from '../properties/property-object.ts'
import type { PropertyQuery } from '../properties/query.ts'
import type { Reference } from '../properties/reference.ts'
import { retrieve } from '../properties/retrieve.ts'
import type { Session } from '../session/session.ts'

/** Hosts by id, each with the datastores that it sees; those that take no machines now are left out. */
export type Hosts = ReadonlyMap<string, readonly string[]>

/** The hosts of the cluster that a resource pool belongs to, in one question. */
export async function hostsOf(session: Session, pool: Reference): Promise<Hosts> {
  const found = await retrieve(session, queryOf(pool))
  return new Map(found.filter(takesMachines).map((host) => [host.reference.id, referencesIn(host, 'datastore')]))
}

function takesMachines(object: PropertyObject): boolean {
  const isConnected = propertyText(object, 'runtime.connectionState') === 'connected'
  return isConnected && propertyText(object, 'runtime.inMaintenanceMode') === 'false'
}

function queryOf(pool: Reference): PropertyQuery {
  return {
    properties: [
      // Always there, so that a lost session shows.
      { type: 'ResourcePool', paths: ['owner'] },
      { type: 'HostSystem', paths: ['runtime.connectionState', 'runtime.inMaintenanceMode', 'datastore'] },
    ],
    objects: [
      {
        start: pool,
        along: [
          { name: 'owner', type: 'ResourcePool', path: 'owner', next: ['host'] },
          { name: 'host', type: 'ComputeResource', path: 'host' },
        ],
      },
    ],
  }
}
