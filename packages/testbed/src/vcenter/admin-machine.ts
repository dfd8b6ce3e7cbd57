import type { PropertyObject } from '../proxy/direct-client.ts'
import { type ExtraConfig, readOptions } from '../proxy/extra-config.ts'
import type { GuestFacts } from '../proxy/guest-facts.ts'
import { unescapeXml } from '../proxy/xml.ts'

/** A machine as it really is, whatever the proxy hides from its clients. */
export interface AdminMachine {
  readonly id: string
  readonly name: string
  readonly power: 'on' | 'off' | 'suspended'
  readonly isTemplate: boolean
  readonly instanceUuid: string
  readonly extraConfig: ExtraConfig
  /** Those of its guest, also while it is powered off. */
  readonly addresses: readonly string[]
  readonly hostname: string | undefined
  readonly host: string
  readonly folder: string
}

const powers = new Map<string, AdminMachine['power']>([
  ['poweredOn', 'on'],
  ['suspended', 'suspended'],
])

/** The properties from which an {@link AdminMachine} is read. */
export const machinePaths = [
  'name',
  'runtime.powerState',
  'runtime.host',
  'parent',
  'config.template',
  'config.instanceUuid',
  'config.extraConfig',
  'guest.hostName',
  'guest.net',
]

export function readMachine({ reference, properties }: PropertyObject, guests: GuestFacts): AdminMachine {
  const read = (path: string): string => properties.get(path) ?? ''
  const identity = guests.of(reference.value)
  const seen = [...read('guest.net').matchAll(/<ipAddress>([^<]+)</g)].flatMap(([, address]) => address ?? [])
  return {
    id: reference.value,
    name: unescapeXml(read('name')),
    power: powers.get(read('runtime.powerState')) ?? 'off',
    isTemplate: read('config.template') === 'true',
    instanceUuid: read('config.instanceUuid'),
    extraConfig: readOptions(read('config.extraConfig')),
    addresses: identity === undefined ? seen : guests.addressesOf(reference.value),
    hostname: identity?.hostname ?? (read('guest.hostName') || undefined),
    host: read('runtime.host'),
    folder: read('parent'),
  }
}
