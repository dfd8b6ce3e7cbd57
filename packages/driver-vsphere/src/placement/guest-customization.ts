import { isIPv4 } from 'node:net'
import type { MachineNetwork } from '@vmunit/core'
import { VmunitError } from '../errors.ts'
import type { VsphereSettings } from '../options.ts'
import { textElement } from '../soap/element.ts'

/** What vCenter is to tell the guest. */
export interface GuestIdentity {
  readonly hostname: string
  readonly networks: readonly MachineNetwork[]
  readonly settings: VsphereSettings
}

const DEFAULT_MASK = '255.255.255.0'
const DEFAULT_DOMAIN = 'local'

/**
 * A `CustomizationSpec` for a Linux guest, in an element of that name: host name, and one adapter for each network.
 *
 * @throws VmunitError `ERR_INVALID_INPUT` for an address that is not IPv4.
 */
export function customizationElement(element: string, { hostname, networks, settings }: GuestIdentity): string {
  const domain = textElement('domain', settings.domain ?? DEFAULT_DOMAIN)
  const host = `<hostName xsi:type="CustomizationFixedName">${textElement('name', hostname)}</hostName>`
  const identity = `<identity xsi:type="CustomizationLinuxPrep">${host}${domain}</identity>`
  const dns = (settings.dnsServers ?? []).map((server) => textElement('dnsServerList', server)).join('')
  const adapters = networks.map((network) => adapterElement(network, settings)).join('')
  return `<${element}>${identity}<globalIPSettings>${dns}</globalIPSettings>${adapters}</${element}>`
}

function adapterElement({ name, address }: MachineNetwork, { networks = {} }: VsphereSettings): string {
  if (address !== undefined && !isIPv4(address)) throw notIpv4(name, address)
  const { subnetMask = DEFAULT_MASK, gateway } = networks[name] ?? {}
  const fixed = `<ip xsi:type="CustomizationFixedIp">${textElement('ipAddress', address)}</ip>`
  const way = `${textElement('subnetMask', subnetMask)}${textElement('gateway', gateway)}`
  const content = address === undefined ? '<ip xsi:type="CustomizationDhcpIpGenerator"/>' : `${fixed}${way}`
  return `<nicSettingMap><adapter>${content}</adapter></nicSettingMap>`
}

function notIpv4(network: string, address: string): VmunitError {
  return new VmunitError(
    'ERR_INVALID_INPUT',
    `${address} for network ${network} is no IPv4 address. Pass one; or pass customization: false, and let the guest read guestinfo.`,
    { details: { network, address } },
  )
}

/** The host name that a guest gets: a name as DNS has them, made from what was asked for. */
export function hostnameOf(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63)
  return plain.replace(/-+$/, '') || 'guest'
}
