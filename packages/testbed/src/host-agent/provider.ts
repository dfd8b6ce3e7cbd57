import type { GuestHost } from '../guests/guest-host.ts'
import type { VcenterAdmin } from '../vcenter/vcenter-admin.ts'
import { HOST_KEYS } from './boots.ts'
import type { HostAgent } from './host-agent.ts'

/** A template that a person makes. */
export interface TemplateToProvide {
  readonly name: string
  /** Texts by absolute path; a text that begins with `#!` is executable. */
  readonly files?: Readonly<Record<string, string>> | undefined
}

/** A machine that a person makes from a template. */
export interface MachineToProvide {
  readonly name: string
  /** The id of the template. */
  readonly template: string
  /** The management address, then the service address. */
  readonly addresses: readonly string[]
  /** Default `on`. */
  readonly power?: 'on' | 'off' | undefined
  /** Whether the guest starts its application by itself. Default false. */
  readonly autostart?: boolean | undefined
}

/** The hands of a person with all rights, who also knows what goes into a machine. Waits until guests are as told. */
export interface Provider extends VcenterAdmin {
  /** Makes a template with a release file of its own; resolves to its id. */
  provideTemplate(template: TemplateToProvide): Promise<string>
  /** Clones a machine from a template and boots it; it bears no marker of vmunit. Resolves to its id. */
  provideMachine(machine: MachineToProvide): Promise<string>
}

/** What {@link createProvider} works with. */
export interface ProviderParts {
  readonly vcenter: { readonly hands: VcenterAdmin }
  readonly guests: GuestHost
  readonly agent: HostAgent
}

/** Makes the host keys that a machine has after its first boot, when it was installed. */
const FIRST_KEYS = `set -e
mkdir -p /etc/ssh
ssh-keygen -q -t ed25519 -N '' -C '' -f /etc/ssh/ssh_host_ed25519_key
echo "$1" >/etc/ssh/identity`

/** Makes the hands of a testbed. */
export function createProvider({ vcenter: { hands }, guests, agent }: ProviderParts): Provider {
  async function power(id: string, to: 'on' | 'off'): Promise<void> {
    await hands.power(id, to)
    if (to === 'on') agent.switchedOn(id)
    await agent.settled()
  }

  return {
    ...hands,
    power,
    async clone(source, name) {
      const id = await hands.clone(source, name)
      await agent.settled()
      return id
    },
    async destroy(id) {
      await hands.destroy(id)
      await agent.settled()
    },
    async provideTemplate({ name, files = {} }) {
      const id = await hands.createMachine({ name })
      if (!guests.has(id)) guests.create(id)
      await guests.writeFile(id, '/etc/release', `${name} 1\n`)
      for (const [path, text] of Object.entries(files)) await guests.writeFile(id, path, text)
      const machine = (await hands.machines()).find((one) => one.id === id)
      const made = await guests.exec(id, ['sh', '-c', FIRST_KEYS, 'keys', machine?.instanceUuid ?? ''])
      if (made.exitCode !== 0) throw new Error(`Template ${name} cannot be made: ${made.stderr}`)
      await hands.reconfigure(id, { [HOST_KEYS]: (await guests.hostKeys(id)).join('\n') })
      await hands.markAsTemplate(id)
      return id
    },
    async provideMachine({ name, template, addresses, power: to = 'on', autostart = false }) {
      const id = await hands.clone(template, name)
      await hands.setAddresses(id, addresses)
      await agent.settled()
      if (autostart) await guests.writeFile(id, '/etc/services.enabled/application', '')
      if (to === 'on') await power(id, 'on')
      return id
    },
  }
}
