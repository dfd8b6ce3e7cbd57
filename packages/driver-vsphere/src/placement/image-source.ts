import { VmunitError } from '../errors.ts'
import { ALL_EXTRA_CONFIG, extraConfigOf } from '../machines/extra-config.ts'
import { KEYS } from '../machines/keys.ts'
import { type PropertyObject, propertyText, referencesIn } from '../properties/property-object.ts'
import type { PropertyQuery } from '../properties/query.ts'
import type { Reference } from '../properties/reference.ts'
import { referenceOf } from '../properties/reference-of.ts'
import { type LookOptions, retrieve } from '../properties/retrieve.ts'
import type { Session } from '../session/session.ts'
import type { XmlNode } from '../soap/xml-node.ts'
import { type EthernetAdapter, ethernetAdapters } from './ethernet-adapters.ts'
import { resolveReference } from './resolve-reference.ts'

/** What has to be known of an image to clone it. It does not change while the image exists. */
export interface ImageSource {
  readonly reference: Reference
  /** A clone that shares its disks begins here; without a snapshot, clones are full copies. */
  readonly snapshot: Reference | undefined
  /** Where clones run when nobody says otherwise. */
  readonly resourcePool: Reference | undefined
  /** Ids of the datastores where its disks are. */
  readonly datastores: readonly string[]
  readonly adapters: readonly EthernetAdapter[]
  /** The host keys that it had when it was published. */
  readonly hostKeys: string
}

/**
 * Looks at an image: a template or a machine, by id or inventory path.
 *
 * @throws VmunitError `ERR_NOT_FOUND` when there is none.
 */
export async function imageSource(session: Session, image: string, options: LookOptions = {}): Promise<ImageSource> {
  const named = { name: image, type: 'VirtualMachine', role: 'image' }
  const start = await resolveReference(session, named, options.signal)
  const objects = await retrieve(session, queryOf(start), options)
  const machine = objects.find(({ reference }) => reference.id === start.id)
  if (machine === undefined || start.type !== 'VirtualMachine') {
    throw new VmunitError('ERR_NOT_FOUND', `There is no image ${image}: look at what is there now.`)
  }
  const pool = poolOf(machine, objects)
  const snapshot = propertyText(machine, 'snapshot.currentSnapshot')
  return {
    reference: start,
    snapshot: snapshot === undefined ? undefined : { type: 'VirtualMachineSnapshot', id: snapshot },
    resourcePool: pool === undefined ? undefined : referenceOf(pool),
    datastores: referencesIn(machine, 'datastore'),
    adapters: ethernetAdapters(machine.properties.get('config.hardware.device')),
    hostKeys: extraConfigOf(machine).get(KEYS.imageHostKeys) ?? '',
  }
}

function queryOf(start: Reference): PropertyQuery {
  const places = ['resourcePool', 'runtime.host', 'datastore']
  const paths = [...places, 'snapshot.currentSnapshot', 'config.hardware.device', ALL_EXTRA_CONFIG]
  return {
    properties: [
      { type: 'VirtualMachine', paths },
      { type: 'HostSystem', paths: ['parent'] },
      { type: 'ComputeResource', paths: ['resourcePool'] },
    ],
    objects: [
      {
        start,
        along: [
          { name: 'host', type: 'VirtualMachine', path: 'runtime.host', next: ['cluster'] },
          { name: 'cluster', type: 'HostSystem', path: 'parent' },
        ],
      },
    ],
  }
}

/** A machine in a vApp has that as its pool. */
function poolOf(machine: PropertyObject, objects: readonly PropertyObject[]): XmlNode | undefined {
  const cluster = objects.find(({ reference }) => reference.type.endsWith('ComputeResource'))
  return machine.properties.get('resourcePool') ?? cluster?.properties.get('resourcePool')
}
