import { faultOf } from '../faults/fault-error.ts'
import type { ImageSource } from '../placement/image-source.ts'
import type { Reference } from '../properties/reference.ts'
import type { Session } from '../session/session.ts'
import type { ClonePlace } from './clone-spec.ts'
import { type Hosts, hostsOf } from './hosts-of-pool.ts'

/** A host that is wished for, and where the clone goes anyway. */
export interface HostWish {
  /** The failure domain as machines tell it: the id of a host. */
  readonly failureDomain: string | undefined
  readonly place: ClonePlace
  readonly source: ImageSource
}

/** Which wishes for hosts can be met. */
export interface HostWishes {
  /** The host that the clone is to name; undefined where vCenter has to decide. */
  hostFor(wish: HostWish): Promise<Reference | undefined>
  /** Tells that a host did not take a clone that was made elsewhere then: it is not asked for a while. */
  refused(host: Reference): void
  /** Looks anew the next time. */
  forget(): void
}

// All creations of that time share one look: what became of a host since shows when it refuses a clone.
const FRESH_MS = 30_000

/**
 * Makes {@link HostWishes} of an endpoint.
 *
 * A wish is met where its host is connected, not in maintenance mode, in the cluster of the resource pool where the
 * clone goes, and sees every datastore that the clone needs. A host that `placement` names comes before.
 */
export function createHostWishes(session: Session): HostWishes {
  const known = new Map<string, { readonly at: number; readonly hosts: Promise<Hosts> }>()
  const refusals = new Map<string, number>()

  function hostsAround(pool: Reference): Promise<Hosts> {
    const now = performance.now()
    const found = known.get(pool.id)
    if (found !== undefined && now - found.at < FRESH_MS) return found.hosts
    const hosts = hostsOf(session, pool).catch((error: unknown) => {
      // What is wrong with the pool shows when it is cloned into.
      if (faultOf(error) !== undefined) return new Map()
      known.delete(pool.id)
      throw error
    })
    known.set(pool.id, { at: now, hosts })
    return hosts
  }

  function hasRefused(id: string): boolean {
    const at = refusals.get(id)
    return at !== undefined && performance.now() - at < FRESH_MS
  }

  return {
    async hostFor({ failureDomain: id, place, source }) {
      const pool = place.resourcePool ?? source.resourcePool
      if (id === undefined || place.host !== undefined || pool === undefined || hasRefused(id)) return undefined
      const needed = datastoresFor(place, source)
      const seen = (await hostsAround(pool)).get(id)
      const isMet = seen !== undefined && needed.length > 0 && needed.every((store) => seen.includes(store))
      return isMet ? { type: 'HostSystem', id } : undefined
    },
    refused: ({ id }) => refusals.set(id, performance.now()),
    forget: () => known.clear(),
  }
}

/** A linked clone reads the disks of its image where they are; a full copy only has to be written. */
function datastoresFor({ datastore }: ClonePlace, { snapshot, datastores }: ImageSource): readonly string[] {
  if (datastore === undefined) return datastores
  return snapshot === undefined ? [datastore.id] : [...datastores, datastore.id]
}
