import type { DirectClient } from './direct-client.ts'
import { optionXml } from './extra-config.ts'
import type { Reference } from './soap.ts'
import { escapeXml } from './xml.ts'

/** One network adapter of a guest. */
export interface GuestAdapter {
  readonly network: string
  readonly address?: string | undefined
}

export interface GuestIdentity {
  readonly hostname?: string | undefined
  readonly adapters: readonly GuestAdapter[]
}

/**
 * What the guests of the machines would tell vCenter through their tools: addresses and host name.
 *
 * They are known from creation or customization on, and vCenter shows them while a machine is powered on.
 */
export interface GuestFacts {
  set(machine: string, identity: GuestIdentity): void
  of(machine: string): GuestIdentity | undefined
  addressesOf(machine: string): readonly string[]
  /** Writes into vcsim what it shows of a guest that runs, or of one that does not. */
  show(machine: Reference, isOn: boolean): Promise<void>
}

const noGuest: GuestIdentity = { adapters: [] }

function adapterXml(adapter: GuestAdapter, index: number): string {
  const address = adapter.address === undefined ? '' : `<ipAddress>${escapeXml(adapter.address)}</ipAddress>`
  const place = `<connected>true</connected><deviceConfigId>${4000 + index}</deviceConfigId>`
  return `<GuestNicInfo><network>${escapeXml(adapter.network)}</network>${address}${place}</GuestNicInfo>`
}

function shownOptions(shown: GuestIdentity, isOn: boolean): string {
  const set = (path: string, value: string, type?: string): string => optionXml(`SET.guest.${path}`, value, type)
  const tools = isOn ? 'guestToolsRunning' : 'guestToolsNotRunning'
  // The list comes last: setting the first address changes the first adapter.
  return [
    set('ipAddress', escapeXml(shown.adapters.find(({ address }) => address !== undefined)?.address ?? '')),
    set('hostName', escapeXml(shown.hostname ?? '')),
    set('toolsRunningStatus', tools),
    set('net', shown.adapters.map(adapterXml).join(''), 'ArrayOfGuestNicInfo'),
  ].join('')
}

export function createGuestFacts(direct: DirectClient): GuestFacts {
  const known = new Map<string, GuestIdentity>()
  return {
    set: (machine, identity) => {
      known.set(machine, identity)
    },
    of: (machine) => known.get(machine),
    addressesOf: (machine) => (known.get(machine)?.adapters ?? []).flatMap(({ address }) => address ?? []),
    show: async (machine, isOn) => {
      const shown = isOn ? (known.get(machine.value) ?? noGuest) : noGuest
      await direct.run('ReconfigVM_Task', machine, `<spec>${shownOptions(shown, isOn)}</spec>`)
    },
  }
}
