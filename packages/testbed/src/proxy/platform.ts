import type { DirectClient } from './direct-client.ts'
import {
  copiedOptions,
  type ExtraConfig,
  extraConfigXml,
  mergeOptions,
  readExtraConfig,
  writtenOptionsXml,
} from './extra-config.ts'
import { createGuestFacts, type GuestFacts } from './guest-facts.ts'
import { createKeyedLock, type KeyedLock } from './keyed-lock.ts'
import { createPublished, type Published } from './published.ts'
import { type Reference, referenceXml, returnedReference } from './soap.ts'
import type { Turns } from './turns.ts'
import { escapeXml } from './xml.ts'

/** What is true of the simulated vCenter, for the proxy and for the hands of a person alike. */
export interface Platform {
  readonly direct: DirectClient
  readonly turns: Turns
  readonly guests: GuestFacts
  readonly published: Published
  /** Shows what is seen of a machine that was switched on or off just now. */
  switched(machine: Reference, isOn: boolean): Promise<void>
  /** Held for a machine while it is read to be written, and for a name in a folder while it is given away. */
  readonly lock: KeyedLock
  /** Each clone with the machine that it was made from. */
  readonly lineage: Map<string, string>
  /** Whether this vcsim has the flaws of 0.24. */
  readonly isOld: boolean
  /** The `extraConfig` elements that write options into a machine. Call it while its lock is held. */
  writeOptions(machine: Reference, written: ExtraConfig): Promise<string>
  /** The `extraConfig` elements of a clone: what its source has, under what was asked for. */
  cloneOptions(source: Reference, written: ExtraConfig): Promise<string>
  /** The host of a machine; here machines do not wander. */
  hostOf(machine: Reference): Promise<string | undefined>
  childNamed(folder: Reference, name: string): Promise<Reference | undefined>
  /**
   * Makes a machine, or looks for something by its name: one of these at a time. vcsim panics over a machine that is being
   * made and has no name yet, and 0.56 keeps what it had locked; it looks through names itself when it makes one.
   */
  alone<T>(work: () => Promise<T>): Promise<T>
  /** Clones a machine, onto a host when one is named; 0.24 does not look at that, and harms the disks of the source. */
  cloning<T>(source: Reference, clone: () => Promise<T>, host?: string): Promise<T>
}

const devicePath = 'config.hardware.device'

/** XML from an answer of vcsim as XML for a call: Go invents a prefix for the namespace of schema instances. */
function askedAsAnswered(xml: string): string {
  return xml.replace(/\b_?XMLSchema-instance:type=/g, 'xsi:type=')
}

export function createPlatform(direct: DirectClient, turns: Turns, version: string): Platform {
  const isOld = version.startsWith('0.24')

  const lock = createKeyedLock()
  const alone: Platform['alone'] = async (work) => await lock.hold('names', work)

  const keepingDisks = async <T>(source: Reference, clone: () => Promise<T>): Promise<T> => {
    const [object] = await direct.read('VirtualMachine', [devicePath, 'config.template'], [source.value])
    const devices = object?.properties.get(devicePath) ?? ''
    const result = await clone()
    // A template cannot be reconfigured; nobody reads from its disk here.
    if (object?.properties.get('config.template') === 'true') return result
    if (devices.includes('"VirtualDisk"')) {
      const value = `<value xsi:type="ArrayOfVirtualDevice">${askedAsAnswered(devices)}</value>`
      const option = `<extraConfig xsi:type="OptionValue"><key>SET.${devicePath}</key>${value}</extraConfig>`
      await direct.run('ReconfigVM_Task', source, `<spec>${option}</spec>`)
    }
    return result
  }

  /** 0.24 makes each clone on the host of its source: for that long, the source is on the wished one. */
  const fromHost = async <T>(source: Reference, clone: () => Promise<T>, host: string): Promise<T> => {
    const home = await hostOf(source)
    if (home === undefined || home === host) return await clone()
    await moveTo(source, host)
    try {
      return await clone()
    } finally {
      await moveTo(source, home)
    }
  }

  const moveTo = async (machine: Reference, host: string): Promise<void> => {
    const spec = `<spec>${referenceXml('host', { type: 'HostSystem', value: host })}</spec>`
    await direct.run('RelocateVM_Task', machine, spec)
  }

  const hostByMachine = new Map<string, string>()
  const hostOf: Platform['hostOf'] = async (machine) => {
    const known = hostByMachine.get(machine.value)
    if (known !== undefined) return known
    const [object] = await direct.read('VirtualMachine', ['runtime.host'], [machine.value]).catch(() => [])
    const host = object?.properties.get('runtime.host')
    if (host !== undefined) hostByMachine.set(machine.value, host)
    return host
  }

  const writeOptions: Platform['writeOptions'] = async (machine, written) =>
    writtenOptionsXml(await readExtraConfig(direct, machine), written, isOld)
  const guests = createGuestFacts(direct)
  const published = createPublished({ direct, lock, writeOptions })

  return {
    direct,
    turns,
    isOld,
    hostOf,
    guests,
    published,
    switched: async (machine, isOn) => {
      await guests.show(machine, isOn)
      if (!isOn) await published.drop(machine)
    },
    lock,
    lineage: new Map(),
    alone,
    cloning: async (source, clone, host) => {
      if (!isOld) return await alone(clone)
      const place = host === undefined ? clone : async () => await fromHost(source, clone, host)
      return await alone(async () => await keepingDisks(source, place))
    },
    writeOptions,
    cloneOptions: async (source, written) =>
      extraConfigXml(mergeOptions(copiedOptions(await readExtraConfig(direct, source)), written)),
    childNamed: async (folder, name) => {
      const content = `${referenceXml('entity', folder)}<name>${escapeXml(name)}</name>`
      const searchIndex = (await direct.content()).get('searchIndex')
      if (searchIndex === undefined) throw new Error('vcsim has no search index')
      return returnedReference(await alone(async () => await direct.call('FindChild', searchIndex, content)))
    },
  }
}
