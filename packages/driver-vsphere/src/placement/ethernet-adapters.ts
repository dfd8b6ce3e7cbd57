import { referenceElement, textElement } from '../soap/element.ts'
import { childText, type XmlNode } from '../soap/xml-node.ts'

/** A network adapter of an image. */
export interface EthernetAdapter {
  readonly key: string
  /** `VirtualVmxnet3` … */
  readonly type: string
}

/** Where an adapter is to be connected. */
export interface PortGroup {
  readonly backing: string
}

const TYPES = /^Virtual(E1000e?|Vmxnet(2|3|3Vrdma)?|PCNet32|SriovEthernetCard)$/

/** The network adapters among the devices of a machine, in their order. */
export function ethernetAdapters(devices: XmlNode | undefined): readonly EthernetAdapter[] {
  const cards = devices?.children.filter(({ xsiType }) => TYPES.test(xsiType ?? '')) ?? []
  return cards.map((card) => ({ key: childText(card, 'key') ?? '', type: card.xsiType ?? '' }))
}

/** The backing of an adapter in a standard port group. */
export function standardBacking(name: string, network: { readonly type: string; readonly id: string }): PortGroup {
  const content = `${textElement('deviceName', name)}${referenceElement('network', network)}`
  return { backing: `<backing xsi:type="VirtualEthernetCardNetworkBackingInfo">${content}</backing>` }
}

/** The backing of an adapter in a distributed port group. */
export function distributedBacking(switchUuid: string, portgroupKey: string): PortGroup {
  const port = `<port>${textElement('switchUuid', switchUuid)}${textElement('portgroupKey', portgroupKey)}</port>`
  return { backing: `<backing xsi:type="VirtualEthernetCardDistributedVirtualPortBackingInfo">${port}</backing>` }
}

/** The backing of an adapter in a network of NSX, which vCenter itself knows only by name. */
export function opaqueBacking(id: string, type: string | undefined): PortGroup {
  const content = `${textElement('opaqueNetworkId', id)}${textElement('opaqueNetworkType', type)}`
  return { backing: `<backing xsi:type="VirtualEthernetCardOpaqueNetworkBackingInfo">${content}</backing>` }
}

/** The change of a configuration that connects an adapter to a port group. */
export function connectAdapter({ key, type }: EthernetAdapter, { backing }: PortGroup): string {
  const device = `<device xsi:type="${type}">${textElement('key', key)}${backing}</device>`
  return `<deviceChange xsi:type="VirtualDeviceConfigSpec"><operation>edit</operation>${device}</deviceChange>`
}
