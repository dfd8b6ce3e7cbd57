import { describe, expect, it } from 'vitest'
import { connectVsphere } from '../../src/index.ts'
import { objectElement, scriptedTransport } from '../support/scripted-transport.ts'

const MARKER = { manager: 'm', unit: 'u', slot: 'g/web/0', operationId: 'run/step#1' }

function withValue(xml: string, path: string, value: string): string {
  return xml.replace('</objects>', `<propSet><name>${path}</name>${value}</propSet></objects>`)
}

function imageElement(cards: readonly string[]): string {
  const disk = '<VirtualDevice xsi:type="VirtualDisk"><key>2000</key></VirtualDevice>'
  const devices = cards.map(
    (type, index) => `<VirtualDevice xsi:type="${type}"><key>${4000 + index}</key></VirtualDevice>`,
  )
  const value = `<val xsi:type="ArrayOfVirtualDevice">${disk}${devices.join('')}</val>`
  return withValue(objectElement('VirtualMachine', 'vm-7', { resourcePool: 'pool-1' }), 'config.hardware.device', value)
}

const SUMMARY = `<val xsi:type="OpaqueNetworkSummary"><network type="OpaqueNetwork">network-o4</network><name>segment</name><accessible>true</accessible><ipPoolName></ipPoolName><opaqueNetworkId>8f3c-seg</opaqueNetworkId><opaqueNetworkType>nsx.LogicalSwitch</opaqueNetworkType></val>`

const DISTRIBUTED = { key: 'dvportgroup-2', 'config.distributedVirtualSwitch': 'dvs-1' }
const NETWORKS = [
  objectElement('Network', 'network-1', { name: 'VM Network' }),
  objectElement('DistributedVirtualPortgroup', 'dvportgroup-2', { name: '10.0.0.0%2f24', ...DISTRIBUTED }),
  objectElement('DistributedVirtualSwitch', 'dvs-1', { uuid: '50 1a' }),
  objectElement('Network', 'network-3', { name: '50%25' }),
  withValue(objectElement('OpaqueNetwork', 'network-o4', { name: 'segment' }), 'summary', SUMMARY),
  objectElement('Network', 'network-5', { name: 'service' }),
  objectElement('Network', 'network-6', { name: 'service' }),
]
const PATHS: Readonly<Record<string, string>> = {
  'DC1/network/service': '<returnval type="Network">network-6</returnval>',
  'DC0/network/10.0.0.0%2f24': '<returnval type="DistributedVirtualPortgroup">dvportgroup-2</returnval>',
  'DC0/vm': '<returnval type="Folder">group-v3</returnval>',
}

/** What a clone says of its adapters, when its network is at this port group. */
async function deviceChange(portGroup: string, cards: readonly string[] = ['VirtualVmxnet3']): Promise<string> {
  let clone = ''
  const transport = scriptedTransport(({ method, body }) => {
    if (method === 'CloneVM_Task') {
      clone = body
      throw new Error('enough is known')
    }
    if (method === 'FindByInventoryPath') return PATHS[/<inventoryPath>([^<]*)</.exec(body)?.[1] ?? ''] ?? ''
    if (method !== 'RetrievePropertiesEx') return ''
    const objects = body.includes('DistributedVirtualSwitch') ? NETWORKS : [imageElement(cards)]
    return `<returnval>${objects.join('')}</returnval>`
  })
  const networks = { management: { portGroup } }
  await using driver = await connectVsphere({ transport, networks, placement: { folder: 'group-v3' } })
  const spec = { marker: MARKER, name: 'web-1', image: 'vm-7', networks: [{ name: 'management' }] }
  const error: unknown = await driver.create(spec).catch((reason: unknown) => reason)
  if (clone === '') throw error
  return /<deviceChange .*<\/deviceChange>/.exec(clone)?.[0] ?? ''
}

const standard = (name: string, id: string): string =>
  `<backing xsi:type="VirtualEthernetCardNetworkBackingInfo"><deviceName>${name}</deviceName><network type="Network">${id}</network></backing>`
const OF_SWITCH =
  '<backing xsi:type="VirtualEthernetCardDistributedVirtualPortBackingInfo"><port><switchUuid>50 1a</switchUuid><portgroupKey>dvportgroup-2</portgroupKey></port></backing>'

describe('the port group of a network', () => {
  it.each([
    ['by name', 'VM Network', standard('VM Network', 'network-1')],
    ['by id', 'network-5', standard('service', 'network-5')],
    ['by inventory path', '/DC1/network/service', standard('service', 'network-6')],
    ['on a distributed switch, by the name that people read', '10.0.0.0/24', OF_SWITCH],
    ['on a distributed switch, by a path', '/DC0/network/10.0.0.0%2f24', OF_SWITCH],
    ['with a name that vCenter escapes', '50%', standard('50%', 'network-3')],
    [
      'of NSX',
      'segment',
      '<backing xsi:type="VirtualEthernetCardOpaqueNetworkBackingInfo"><opaqueNetworkId>8f3c-seg</opaqueNetworkId><opaqueNetworkType>nsx.LogicalSwitch</opaqueNetworkType></backing>',
    ],
  ])('is found %s', async (_, portGroup, backing) => {
    expect(await deviceChange(portGroup)).toContain(backing)
  })

  it('is refused when several have its name, with the way to say which one', async () => {
    await expect(deviceChange('service')).rejects.toMatchObject({
      code: 'ERR_INVALID_INPUT',
      message: expect.stringContaining('inventory path'),
      details: { portGroup: 'service', ids: ['network-5', 'network-6'] },
    })
  })

  it.each(['nowhere', '/DC0/network/nowhere', '/DC0/vm'])('is missed by name: %s', async (portGroup) => {
    await expect(deviceChange(portGroup)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  })
})

describe('the adapter that is connected', () => {
  it.each([
    'VirtualE1000',
    'VirtualE1000e',
    'VirtualPCNet32',
    'VirtualSriovEthernetCard',
    'VirtualVmxnet',
    'VirtualVmxnet2',
    'VirtualVmxnet3',
    'VirtualVmxnet3Vrdma',
  ])('is the first of the image, also of type %s', async (type) => {
    const change = await deviceChange('VM Network', [type, 'VirtualVmxnet3'])
    expect(change).toContain(`<device xsi:type="${type}"><key>4000</key>`)
  })
})
