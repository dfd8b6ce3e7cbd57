import { afterEach, describe, expect, it, vi } from 'vitest'
import { connectVsphere, type VspherePlacement } from '../../src/index.ts'
import { objectElement, scriptedTransport } from '../support/scripted-transport.ts'

/** What the vCenter of a test says. */
interface Scene {
  readonly imageStores?: readonly string[]
  readonly isLinked?: boolean
  /** Each host with the datastores that it sees. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>
  readonly states?: Readonly<Record<string, string>>
  readonly placement?: VspherePlacement
  /** The type of the pool of the image. */
  readonly pool?: string
}

function withReferences(xml: string, path: string, type: string, ids: readonly string[]): string {
  const listed = ids.map((id) => `<ManagedObjectReference type="${type}">${id}</ManagedObjectReference>`).join('')
  const value = `<val xsi:type="ArrayOfManagedObjectReference">${listed}</val>`
  return xml.replace('</objects>', `<propSet><name>${path}</name>${value}</propSet></objects>`)
}

function imageElement({ imageStores = ['store-1'], isLinked = true, pool = 'ResourcePool' }: Scene): string {
  const image = objectElement('VirtualMachine', 'vm-7', isLinked ? { 'snapshot.currentSnapshot': 'snapshot-1' } : {})
  const value = `<val type="${pool}" xsi:type="ManagedObjectReference">pool-1</val>`
  const inPool = image.replace('</objects>', `<propSet><name>resourcePool</name>${value}</propSet></objects>`)
  return withReferences(inPool, 'datastore', 'Datastore', imageStores)
}

function hostElements({ hosts = {}, states }: Scene): readonly string[] {
  return Object.entries(hosts).map(([id, stores]) => {
    const values = { 'runtime.connectionState': 'connected', 'runtime.inMaintenanceMode': 'false', ...states }
    return withReferences(objectElement('HostSystem', id, values), 'datastore', 'Datastore', stores)
  })
}

/** A driver on a vCenter that is as the scene of the moment says, and takes no clones. */
async function onScene(scene: () => Scene) {
  const clones: string[] = []
  const pools: string[] = []
  const looks: string[] = []
  const transport = scriptedTransport(({ method, body }) => {
    if (method === 'CloneVM_Task') {
      clones.push(/<host type="HostSystem">([^<]*)</.exec(body)?.[1] ?? 'anywhere')
      pools.push(/<pool type="([^"]*)">/.exec(body)?.[1] ?? '')
      throw new Error('enough is known')
    }
    if (method !== 'RetrievePropertiesEx') return ''
    const isOfHosts = body.includes('inMaintenanceMode')
    if (isOfHosts) looks.push(/<obj type="(\w+)">([^<]*)</.exec(body)?.slice(1).join(' ') ?? '')
    const objects = isOfHosts ? hostElements(scene()) : [imageElement(scene())]
    return `<returnval>${objects.join('')}</returnval>`
  })
  const driver = await connectVsphere({ transport, placement: { folder: 'group-v3', ...scene().placement } })
  let made = 0
  return {
    pools,
    looks,
    /** Which host the clone names. */
    async wish(failureDomain?: string): Promise<string | undefined> {
      made += 1
      const marker = { manager: 'm', unit: 'u', slot: 'g/web/0', operationId: `run/step#${made}` }
      const spec = { marker, name: `web-${made}`, image: 'vm-7', networks: [], failureDomain }
      await expect(driver.create(spec)).rejects.toThrow()
      return clones.at(-1)
    },
    [Symbol.asyncDispose]: driver.close,
  }
}

async function hostNamed(scene: Scene): Promise<string | undefined> {
  await using vcenter = await onScene(() => scene)
  return await vcenter.wish('host-2')
}

afterEach(() => {
  vi.useRealTimers()
})

describe('the host that a clone names for a wished failure domain', () => {
  const both = { 'host-1': ['store-1'], 'host-2': ['store-1', 'store-2'] }

  it.each<[string, Scene, string]>([
    ['is the wished one', { hosts: both }, 'host-2'],
    ['is none in another cluster', { hosts: { 'host-1': ['store-1'] } }, 'anywhere'],
    ['is none in maintenance mode', { hosts: both, states: { 'runtime.inMaintenanceMode': 'true' } }, 'anywhere'],
    [
      'is none that is disconnected',
      { hosts: both, states: { 'runtime.connectionState': 'disconnected' } },
      'anywhere',
    ],
    ['is none when an image is linked from a datastore that it does not see', { hosts: { 'host-2': [] } }, 'anywhere'],
    ['sees all datastores of the image', { hosts: both, imageStores: ['store-1', 'store-3'] }, 'anywhere'],
    ['is none when the datastores of the image are not told', { hosts: both, imageStores: [] }, 'anywhere'],
    [
      'sees the datastore that is placed on and that of the linked image',
      { hosts: { 'host-2': ['store-2'] }, placement: { datastore: 'store-2' } },
      'anywhere',
    ],
    [
      'sees only the datastore that a full copy is placed on',
      { hosts: { 'host-2': ['store-2'] }, isLinked: false, placement: { datastore: 'store-2' } },
      'host-2',
    ],
    [
      'is none that does not see the datastore that a full copy is placed on',
      { hosts: { 'host-2': ['store-1'] }, isLinked: false, placement: { datastore: 'store-2' } },
      'anywhere',
    ],
    ['is the one of the placement before', { hosts: both, placement: { host: 'host-9' } }, 'host-9'],
  ])('%s', async (_, scene, expected) => {
    expect(await hostNamed(scene)).toBe(expected)
  })

  it('is looked for around the resource pool of the placement, or that of the image', async () => {
    const scene = { hosts: both }
    await using byImage = await onScene(() => scene)
    await byImage.wish('host-2')
    await using byPlacement = await onScene(() => ({ ...scene, placement: { resourcePool: 'pool-5' } }))
    await byPlacement.wish('host-2')
    expect([byImage.looks, byPlacement.looks]).toEqual([['ResourcePool pool-1'], ['ResourcePool pool-5']])
  })

  it('is looked for around the vApp that the image is in, which takes the clone as well', async () => {
    await using vcenter = await onScene(() => ({ hosts: both, pool: 'VirtualApp' }))
    expect(await vcenter.wish('host-2')).toBe('host-2')
    expect([vcenter.looks, vcenter.pools]).toEqual([['VirtualApp pool-1'], ['VirtualApp']])
  })

  it('costs no look without a wish, and one look in half a minute with many', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    let scene: Scene = { hosts: both }
    await using vcenter = await onScene(() => scene)
    await vcenter.wish()
    expect(vcenter.looks).toHaveLength(0)
    for (let n = 0; n < 5; n += 1) expect(await vcenter.wish('host-2')).toBe('host-2')
    expect(vcenter.looks).toHaveLength(1)
    scene = { hosts: both, states: { 'runtime.inMaintenanceMode': 'true' } }
    vi.advanceTimersByTime(31_000)
    expect(await vcenter.wish('host-2')).toBe('anywhere')
    expect(vcenter.looks).toHaveLength(2)
  })
})
