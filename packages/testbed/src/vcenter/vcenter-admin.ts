import type { DirectClient, PropertyObject } from '../proxy/direct-client.ts'
import { type ExtraConfig, readOptions } from '../proxy/extra-config.ts'
import type { Platform } from '../proxy/platform.ts'
import { type Reference, referenceXml } from '../proxy/soap.ts'
import { elementsIn, escapeXml, textOf, unescapeXml } from '../proxy/xml.ts'
import { createCloneRecord } from './clone-record.ts'
import { findPlaces, type InventoryPlaces, networkNames } from './inventory-places.ts'

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

export interface NewMachine {
  readonly name: string
  readonly folder?: string | undefined
  readonly extraConfig?: ExtraConfig | undefined
  /** The management address, then the service address. */
  readonly addresses?: readonly string[] | undefined
  readonly hostname?: string | undefined
}

/**
 * What a person does in the vSphere client: plain calls, straight to vcsim.
 *
 * They pass no proxy, so they are in no log and no fault strikes them.
 */
export interface VcenterAdmin {
  /** The port groups and the folder, resource pool and datastore for machines. */
  readonly places: InventoryPlaces
  /** A machine with a small disk and an adapter for each network, powered off. Answers with its id. */
  createMachine(machine: NewMachine): Promise<string>
  /** A full copy, extraConfig and all, powered off. Answers with its id. */
  clone(source: string, name: string): Promise<string>
  power(id: string, to: 'on' | 'off'): Promise<void>
  markAsTemplate(id: string): Promise<void>
  /** Also a machine that is powered on. */
  destroy(id: string): Promise<void>
  rename(id: string, name: string): Promise<void>
  /** Writes options; an empty value takes one out. */
  reconfigure(id: string, extraConfig: ExtraConfig): Promise<void>
  createFolder(name: string): Promise<string>
  /** Gives the guest of a machine other addresses. */
  setAddresses(id: string, addresses: readonly string[]): Promise<void>
  machines(): Promise<readonly AdminMachine[]>
  hosts(): Promise<readonly { readonly id: string; readonly name: string; readonly machines: readonly string[] }[]>
  /** The machine that a clone was made from, by vCenter's own record of events. */
  sourceOf(id: string): Promise<string | undefined>
  /** Each clone that exists with the machine that it was made from. */
  lineage(): Promise<ReadonlyMap<string, string>>
}

const machinePaths = [
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

function readMachine({ reference, properties }: PropertyObject, platform: Platform): AdminMachine {
  const read = (path: string): string => properties.get(path) ?? ''
  const identity = platform.guests.of(reference.value)
  const seen = [...read('guest.net').matchAll(/<ipAddress>([^<]+)</g)].flatMap(([, address]) => address ?? [])
  return {
    id: reference.value,
    name: unescapeXml(read('name')),
    power:
      read('runtime.powerState') === 'poweredOn'
        ? 'on'
        : read('runtime.powerState') === 'suspended'
          ? 'suspended'
          : 'off',
    isTemplate: read('config.template') === 'true',
    instanceUuid: read('config.instanceUuid'),
    extraConfig: readOptions(read('config.extraConfig')),
    addresses: identity === undefined ? seen : platform.guests.addressesOf(reference.value),
    hostname: identity?.hostname ?? (read('guest.hostName') || undefined),
    host: read('runtime.host'),
    folder: read('parent'),
  }
}

function deviceXml(key: number, type: string, content: string): string {
  const device = `<device xsi:type="${type}"><key>${key}</key>${content}</device>`
  return `<deviceChange><operation>add</operation>${type === 'VirtualDisk' ? '<fileOperation>create</fileOperation>' : ''}${device}</deviceChange>`
}

function hardwareXml(places: InventoryPlaces): string {
  const controller = deviceXml(
    -1,
    'ParaVirtualSCSIController',
    '<busNumber>0</busNumber><sharedBus>noSharing</sharedBus>',
  )
  const backing =
    '<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName></fileName><diskMode>persistent</diskMode><thinProvisioned>true</thinProvisioned></backing>'
  const disk = deviceXml(
    -2,
    'VirtualDisk',
    `${backing}<controllerKey>-1</controllerKey><unitNumber>0</unitNumber><capacityInKB>1024</capacityInKB>`,
  )
  const cards = networkNames.map((name, index) =>
    deviceXml(-10 - index, 'VirtualE1000', places.networks.get(name) ?? ''),
  )
  return [controller, disk, ...cards].join('')
}

function vm(id: string): Reference {
  return { type: 'VirtualMachine', value: id }
}

/** Opens the hands: makes the port groups that are missing and finds where machines go. */
export async function createVcenterAdmin(platform: Platform): Promise<VcenterAdmin> {
  const { direct, guests, lock } = platform
  const places = await findPlaces(direct)
  const record = createCloneRecord(direct, platform.lineage)

  const identify = (id: string, machine: Pick<NewMachine, 'addresses' | 'hostname'>): void => {
    if (machine.addresses === undefined && machine.hostname === undefined) return
    const adapters = (machine.addresses ?? []).map((address, index) => ({
      network: networkNames[index] ?? 'management',
      address,
    }))
    guests.set(id, { adapters, hostname: machine.hostname })
  }

  const power = async (id: string, to: 'on' | 'off'): Promise<void> => {
    await direct.run(to === 'on' ? 'PowerOnVM_Task' : 'PowerOffVM_Task', vm(id))
    await guests.show(vm(id), to === 'on')
  }

  const isOn = async (id: string): Promise<boolean> => {
    const [object] = await direct.read('VirtualMachine', ['runtime.powerState'], [id])
    return object?.properties.get('runtime.powerState') === 'poweredOn'
  }

  return {
    places,
    power,
    createMachine: async (machine) => {
      const path = `<files><vmPathName>[${places.datastoreName}]</vmPathName></files>`
      const size = '<guestId>otherGuest64</guestId><numCPUs>1</numCPUs><memoryMB>32</memoryMB>'
      const options = Object.entries(machine.extraConfig ?? {})
        .map(
          ([key, value]) =>
            `<extraConfig xsi:type="OptionValue"><key>${escapeXml(key)}</key><value xsi:type="xsd:string">${escapeXml(value)}</value></extraConfig>`,
        )
        .join('')
      const config = `<config><name>${escapeXml(machine.name)}</name>${size}${path}${hardwareXml(places)}${options}</config>`
      const folder = machine.folder === undefined ? places.folder : { type: 'Folder', value: machine.folder }
      const content = config + referenceXml('pool', places.pool)
      const id = await platform.creating(async () => await direct.run('CreateVM_Task', folder, content))
      identify(id, machine)
      return id
    },
    clone: async (source, name) =>
      await lock.hold(source, async () => {
        const config = `<config>${await platform.cloneOptions(vm(source), {})}</config>`
        const location = `<location>${referenceXml('pool', places.pool)}</location>`
        const spec = `<spec>${location}<template>false</template>${config}<powerOn>false</powerOn></spec>`
        const content = `${referenceXml('folder', places.folder)}<name>${escapeXml(name)}</name>${spec}`
        const id = await platform.cloning(vm(source), async () => await direct.run('CloneVM_Task', vm(source), content))
        platform.lineage.set(id, source)
        return id
      }),
    markAsTemplate: async (id) => {
      await direct.call('MarkAsTemplate', vm(id))
    },
    destroy: async (id) => {
      if (await isOn(id)) await power(id, 'off')
      await direct.run('Destroy_Task', vm(id))
    },
    rename: async (id, name) => {
      await direct.run('Rename_Task', vm(id), `<newName>${escapeXml(name)}</newName>`)
    },
    reconfigure: async (id, extraConfig) => {
      await lock.hold(id, async () => {
        const options = await platform.writeOptions(vm(id), extraConfig)
        await direct.run('ReconfigVM_Task', vm(id), `<spec>${options}</spec>`)
      })
    },
    createFolder: async (name) => {
      const xml = await direct.call('CreateFolder', places.folder, `<name>${escapeXml(name)}</name>`)
      return /<returnval[^>]*>([^<]+)</.exec(xml)?.[1] ?? ''
    },
    setAddresses: async (id, addresses) => {
      identify(id, { addresses, hostname: guests.of(id)?.hostname })
      if (await isOn(id)) await guests.show(vm(id), true)
    },
    machines: async () =>
      (await direct.read('VirtualMachine', machinePaths)).map((object) => readMachine(object, platform)),
    hosts: async () => await readHosts(direct),
    sourceOf: record.sourceOf,
    lineage: async () => {
      const ids = (await direct.read('VirtualMachine', ['name'])).map(({ reference }) => reference.value)
      const sources = await Promise.all(ids.map(async (id) => [id, await record.sourceOf(id)] as const))
      return new Map(sources.flatMap(([id, source]) => (source === undefined ? [] : [[id, source] as const])))
    },
  }
}

async function readHosts(direct: DirectClient): ReturnType<VcenterAdmin['hosts']> {
  const hosts = await direct.read('HostSystem', ['name', 'vm'])
  return hosts.map(({ reference, properties }) => {
    const list = properties.get('vm') ?? ''
    return {
      id: reference.value,
      name: unescapeXml(properties.get('name') ?? ''),
      machines: [...elementsIn(list)].map((element) => textOf(list, element)),
    }
  })
}
