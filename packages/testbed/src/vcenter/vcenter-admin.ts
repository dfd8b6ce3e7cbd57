import type { DirectClient } from '../proxy/direct-client.ts'
import { type ExtraConfig, extraConfigXml } from '../proxy/extra-config.ts'
import type { Platform } from '../proxy/platform.ts'
import { type Reference, referenceXml } from '../proxy/soap.ts'
import { elementsIn, escapeXml, textOf, unescapeXml } from '../proxy/xml.ts'
import { type AdminMachine, machinePaths, readMachine } from './admin-machine.ts'
import { createCloneRecord } from './clone-record.ts'
import { findPlaces, type InventoryPlaces, networkNames } from './inventory-places.ts'
import { hardwareXml } from './machine-hardware.ts'

export type { AdminMachine }

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
  /** What the guest of a machine that is on says about itself; it is gone when the machine goes off. */
  publish(id: string, extraConfig: ExtraConfig): Promise<void>
  createFolder(name: string): Promise<string>
  /** Gives the guest of a machine other addresses. */
  setAddresses(id: string, addresses: readonly string[]): Promise<void>
  machines(): Promise<readonly AdminMachine[]>
  /** Puts a host into maintenance mode, or takes it out. */
  setMaintenance(host: string, on: boolean): Promise<void>
  hosts(): Promise<readonly { readonly id: string; readonly name: string; readonly machines: readonly string[] }[]>
  /** The machine that a clone was made from, by vCenter's own record of events. */
  sourceOf(id: string): Promise<string | undefined>
  /** Each clone that exists with the machine that it was made from. */
  lineage(): Promise<ReadonlyMap<string, string>>
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
    await platform.switched(vm(id), to === 'on')
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
      const options = extraConfigXml(machine.extraConfig ?? {})
      const config = `<config><name>${escapeXml(machine.name)}</name>${size}${path}${hardwareXml(places.networks)}${options}</config>`
      const folder = machine.folder === undefined ? places.folder : { type: 'Folder', value: machine.folder }
      const content = config + referenceXml('pool', places.pool)
      const id = await platform.alone(async () => await direct.run('CreateVM_Task', folder, content))
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
    publish: async (id, extraConfig) => await platform.published.write(vm(id), extraConfig),
    createFolder: async (name) => {
      const xml = await direct.call('CreateFolder', places.folder, `<name>${escapeXml(name)}</name>`)
      return /<returnval[^>]*>([^<]+)</.exec(xml)?.[1] ?? ''
    },
    setAddresses: async (id, addresses) => {
      identify(id, { addresses, hostname: guests.of(id)?.hostname })
      if (await isOn(id)) await guests.show(vm(id), true)
    },
    machines: async () =>
      (await direct.read('VirtualMachine', machinePaths)).map((object) => readMachine(object, guests)),
    setMaintenance: async (host, on) => {
      const method = on ? 'EnterMaintenanceMode_Task' : 'ExitMaintenanceMode_Task'
      await direct.run(method, { type: 'HostSystem', value: host }, '<timeout>0</timeout>')
    },
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
