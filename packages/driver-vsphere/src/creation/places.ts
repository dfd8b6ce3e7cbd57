import type { CreateMachine } from '@vmunit/core'
import { VmunitError } from '../errors.ts'
import type { VspherePlacement, VsphereSettings } from '../options.ts'
import type { PortGroup } from '../placement/ethernet-adapters.ts'
import { machineFolder } from '../placement/folder.ts'
import { type ImageSource, imageSource } from '../placement/image-source.ts'
import { findPortGroup } from '../placement/port-groups.ts'
import { resolveReference } from '../placement/resolve-reference.ts'
import type { Reference } from '../properties/reference.ts'
import type { LookOptions } from '../properties/retrieve.ts'
import type { Session } from '../session/session.ts'
import type { ClonePlace } from './clone-spec.ts'

/** Where machines go and what they are made from; looked up once and remembered until something proves to be gone. */
export interface Places {
  folder(spec: CreateMachine, options: LookOptions): Promise<Reference>
  place(spec: CreateMachine, options: LookOptions): Promise<ClonePlace>
  source(spec: CreateMachine, options: LookOptions): Promise<ImageSource>
  /** Looks anew the next time. */
  forget(): void
}

/** Makes {@link Places} of an endpoint. */
export function createPlaces(session: Session, settings: VsphereSettings): Places {
  const known = new Map<string, Promise<unknown>>()

  function once<T>(key: string, look: () => Promise<T>): Promise<T> {
    const found = known.get(key)
    if (found !== undefined) return found as Promise<T>
    const looking = look().catch((error: unknown) => {
      known.delete(key)
      throw error
    })
    known.set(key, looking)
    return looking
  }

  async function named(role: keyof typeof TYPES, name: string | undefined): Promise<Reference | undefined> {
    if (name === undefined) return undefined
    return await once(`${role} ${name}`, () => resolveReference(session, { name, type: TYPES[role], role }))
  }

  async function portGroup(network: string): Promise<PortGroup | undefined> {
    const name = settings.networks?.[network]?.portGroup
    return name === undefined ? undefined : await once(`network ${name}`, () => findPortGroup(session, name))
  }

  // What is looked up here serves all callers, so it does not end with the signal of one.
  return {
    async folder(spec) {
      const { folder } = placementOf(spec, settings)
      return await once(`folder ${folder ?? ''}`, () => machineFolder(session, folder))
    },
    async place(spec) {
      const { resourcePool, datastore, host } = placementOf(spec, settings)
      return {
        resourcePool: await named('resourcePool', resourcePool),
        datastore: await named('datastore', datastore),
        host: await named('host', host),
        portGroups: await Promise.all(spec.networks.map(({ name }) => portGroup(name))),
      }
    },
    async source({ image }) {
      return await once(`image ${image}`, () => imageSource(session, image))
    },
    forget: () => known.clear(),
  }
}

const TYPES = { resourcePool: 'ResourcePool', datastore: 'Datastore', host: 'HostSystem' } as const
const FIELDS = ['folder', 'resourcePool', 'datastore', 'host'] as const

/**
 * Where a machine goes: what its spec says, before what the driver was told.
 *
 * @throws VmunitError `ERR_INVALID_INPUT` when the spec says something else than places.
 */
export function placementOf(
  { placement }: Pick<CreateMachine, 'placement'>,
  settings: VsphereSettings,
): VspherePlacement {
  if (placement === undefined || placement === null) return settings.placement ?? {}
  const entries = typeof placement === 'object' && !Array.isArray(placement) ? Object.entries(placement) : undefined
  const isRight = entries?.every(([name, value]) => FIELDS.some((field) => field === name) && typeof value === 'string')
  if (isRight === true) return { ...settings.placement, ...Object.fromEntries(entries ?? []) }
  throw new VmunitError('ERR_INVALID_INPUT', `A placement in vSphere has the texts ${FIELDS.join(', ')}: correct it.`, {
    details: { placement },
  })
}
