import { type InventoryPlaces, networkNames } from './inventory-places.ts'

function addXml(type: string, key: number, content: string): string {
  const device = `<device xsi:type="${type}"><key>${key}</key>${content}</device>`
  const file = type === 'VirtualDisk' ? '<fileOperation>create</fileOperation>' : ''
  return `<deviceChange><operation>add</operation>${file}${device}</deviceChange>`
}

const controllerKey = -1
const diskBacking =
  '<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName></fileName><diskMode>persistent</diskMode>' +
  '<thinProvisioned>true</thinProvisioned></backing>'

/** The `deviceChange` elements of a small machine: a disk, and an adapter in each network. */
export function hardwareXml(networks: InventoryPlaces['networks']): string {
  const bus = '<busNumber>0</busNumber><sharedBus>noSharing</sharedBus>'
  const place = `<controllerKey>${controllerKey}</controllerKey><unitNumber>0</unitNumber>`
  const adapters = networkNames.map((name, index) => addXml('VirtualE1000', -10 - index, networks.get(name) ?? ''))
  return [
    addXml('ParaVirtualSCSIController', controllerKey, bus),
    addXml('VirtualDisk', -2, `${diskBacking}${place}<capacityInKB>1024</capacityInKB>`),
    ...adapters,
  ].join('')
}
