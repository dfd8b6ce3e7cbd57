import { decodeName } from '../placement/entity-name.ts'
import { type PropertyObject, propertyText } from '../properties/property-object.ts'
import { childrenOf } from '../soap/xml-node.ts'
import { readHostKeys, readImageMark, readMarker } from './bound-json.ts'
import { extraConfigOf } from './extra-config.ts'
import { KEYS } from './keys.ts'
import type { MachineConfig, MachineFacts } from './machine-facts.ts'

/** What is read of each machine beside its extra configuration. */
export const MACHINE_PATHS: readonly string[] = [
  'name',
  'runtime.powerState',
  'runtime.connectionState',
  'runtime.host',
  'config.instanceUuid',
  'config.template',
  'guest.ipAddress',
  'guest.net',
]

const POWER: Readonly<Record<string, MachineFacts['power']>> = {
  poweredOn: 'on',
  poweredOff: 'off',
  suspended: 'suspended',
}

/** What the properties of a machine say. */
export function readMachine(object: PropertyObject): MachineFacts {
  const isConnected = propertyText(object, 'runtime.connectionState') === 'connected'
  return {
    id: object.reference.id,
    name: own(decodeName(propertyText(object, 'name') ?? '')),
    power: (isConnected ? POWER[propertyText(object, 'runtime.powerState') ?? ''] : undefined) ?? 'unknown',
    isConnected,
    config: readConfig(object),
    host: propertyText(object, 'runtime.host'),
    guestAddresses: readGuestAddresses(object),
  }
}

function readConfig(object: PropertyObject): MachineConfig | undefined {
  const instanceUuid = propertyText(object, 'config.instanceUuid')
  if (instanceUuid === undefined || instanceUuid === '') return undefined
  const extra = extraConfigOf(object)
  const marker = readMarker(extra.get(KEYS.marker))
  const image = readImageMark(extra.get(KEYS.image))
  const isOwn = marker?.instanceUuid === instanceUuid
  return {
    instanceUuid: own(instanceUuid),
    changeVersion: propertyText(object, 'config.changeVersion') || undefined,
    isTemplate: propertyText(object, 'config.template') === 'true',
    marker: isOwn && marker !== undefined ? withoutBinding(marker) : undefined,
    copiedMarker: isOwn ? undefined : marker,
    image: image?.instanceUuid === instanceUuid ? withoutBinding(image) : undefined,
    source: extra.get(KEYS.source) || undefined,
    givenAddresses: readGiven(extra.get(KEYS.networks)),
    hostKeys: linesOf(extra.get(KEYS.hostKeys)),
    keptHostKeys: readHostKeys(extra.get(KEYS.keptHostKeys), instanceUuid),
    imageHostKeys: linesOf(extra.get(KEYS.imageHostKeys)),
  }
}

function withoutBinding<T extends { readonly instanceUuid: string }>({
  instanceUuid: _,
  ...rest
}: T): Omit<T, 'instanceUuid'> {
  return rest
}

/** A text of its own: a part of an answer would keep the whole answer in memory. */
function own(text: string): string {
  return Buffer.from(text).toString()
}

function readGuestAddresses(object: PropertyObject): readonly string[] {
  const adapters = childrenOf(object.properties.get('guest.net'), 'GuestNicInfo')
  const addresses = adapters.flatMap((adapter) => childrenOf(adapter, 'ipAddress').map(({ text }) => text))
  const first = propertyText(object, 'guest.ipAddress')
  const all = first === undefined ? addresses : [first, ...addresses]
  return [...new Set(all)].filter((address) => address !== '' && !isLinkLocal(address))
}

function isLinkLocal(address: string): boolean {
  return /^(fe[89ab]\w:|169\.254\.)/i.test(address)
}

function linesOf(text = ''): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function readGiven(text: string | undefined): readonly string[] {
  if (text === undefined || text === '') return []
  try {
    const networks: unknown = JSON.parse(text)
    return Array.isArray(networks) ? networks.flatMap(addressOf) : []
  } catch {
    return []
  }
}

function addressOf(network: unknown): readonly string[] {
  const isNetwork = typeof network === 'object' && network !== null && 'address' in network
  return isNetwork && typeof network.address === 'string' ? [network.address] : []
}
