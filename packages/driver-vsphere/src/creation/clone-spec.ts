import type { CreateMachine, MachineNetwork } from '@vmunit/core'
import { VmunitError } from '../errors.ts'
import { writeMarker } from '../machines/bound-json.ts'
import { extraConfigElements } from '../machines/extra-config.ts'
import { instanceUuidOf } from '../machines/instance-uuid.ts'
import { KEYS } from '../machines/keys.ts'
import type { VsphereSettings } from '../options.ts'
import { connectAdapter, type PortGroup } from '../placement/ethernet-adapters.ts'
import { customizationElement, hostnameOf } from '../placement/guest-customization.ts'
import type { ImageSource } from '../placement/image-source.ts'
import type { Reference } from '../properties/reference.ts'
import { referenceElement, textElement } from '../soap/element.ts'

/** Where a clone goes. */
export interface ClonePlace {
  readonly resourcePool: Reference | undefined
  readonly datastore: Reference | undefined
  readonly host: Reference | undefined
  /** In the order of the networks; undefined where the adapter stays. */
  readonly portGroups: readonly (PortGroup | undefined)[]
}

/** Everything that a clone is made from. */
export interface CloneParts {
  readonly spec: CreateMachine
  readonly source: ImageSource
  readonly place: ClonePlace
  readonly settings: VsphereSettings
}

/** A `VirtualMachineCloneSpec`: powered off, linked where the image has a snapshot, with the marker already in it. */
export function cloneSpec(parts: CloneParts): string {
  const { spec, source, settings } = parts
  const identity = { hostname: hostnameFor(spec), networks: spec.networks, settings }
  const isCustomized = settings.customization !== false && spec.networks.length > 0
  return [
    '<spec>',
    locationElement(parts),
    '<template>false</template>',
    configElement(parts),
    isCustomized ? customizationElement('customization', identity) : '',
    '<powerOn>false</powerOn>',
    referenceElement('snapshot', source.snapshot),
    '</spec>',
  ].join('')
}

function locationElement({ source, place }: CloneParts): string {
  const linked = source.snapshot === undefined ? undefined : 'createNewChildDiskBacking'
  const pool = referenceElement('pool', place.resourcePool ?? source.resourcePool)
  const store = referenceElement('datastore', place.datastore)
  const host = referenceElement('host', place.host)
  return `<location>${store}${textElement('diskMoveType', linked)}${pool}${host}</location>`
}

function configElement({ spec, source, place }: CloneParts): string {
  const { marker, networks } = spec
  const instanceUuid = instanceUuidOf(marker.operationId)
  const changes = place.portGroups.map((group, index) => {
    if (group === undefined) return ''
    const adapter = source.adapters[index]
    if (adapter === undefined) throw tooFewAdapters(source, networks)
    return connectAdapter(adapter, group)
  })
  const extra = extraConfigElements({
    [KEYS.marker]: writeMarker(marker, instanceUuid),
    [KEYS.image]: '',
    [KEYS.source]: source.reference.id,
    [KEYS.imageHostKeys]: source.hostKeys,
    // What the guest of the image published does not speak for this guest.
    [KEYS.hostKeys]: '',
    ...guestValues(networks),
    [KEYS.hostname]: hostnameFor(spec),
  })
  return `<config>${textElement('instanceUuid', instanceUuid)}${changes.join('')}${extra}</config>`
}

/** What a guest reads of its networks, and what we read while it is off. */
export function guestValues(networks: readonly MachineNetwork[]): Readonly<Record<string, string>> {
  return {
    [KEYS.networks]: JSON.stringify(networks.map(({ name, address }) => ({ name, address }))),
    [KEYS.addresses]: networks.flatMap(({ address }) => address ?? []).join(','),
  }
}

function hostnameFor({ guest, name }: CreateMachine): string {
  const asked: unknown =
    typeof guest === 'object' && guest !== null && !Array.isArray(guest) ? Reflect.get(guest, 'hostname') : undefined
  return hostnameOf(typeof asked === 'string' ? asked : name)
}

function tooFewAdapters({ reference, adapters }: ImageSource, networks: readonly MachineNetwork[]): VmunitError {
  return new VmunitError(
    'ERR_INVALID_INPUT',
    `Image ${reference.id} has ${adapters.length} network adapters, but ${networks.length} networks are asked for. Add adapters to the image.`,
    { details: { image: reference.id, adapters: adapters.length, networks: networks.map(({ name }) => name) } },
  )
}
