import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildBaseRoot } from './base-root/build-base-root.ts'
import { createGuestHost, type GuestHost } from './guests/guest-host.ts'
import { firstFreePort } from './host-agent/free-port.ts'
import { type HostAgent, startHostAgent } from './host-agent/host-agent.ts'
import { createProvider, type Provider } from './host-agent/provider.ts'
import { claimInstance, type Instance } from './instance/claim-instance.ts'
import { createSshIdentity, type SshIdentity } from './instance/ssh-identity.ts'
import { ensureRequirements } from './requirements/ensure-requirements.ts'
import { ensureVcsim } from './requirements/ensure-vcsim.ts'
import { startVcenter, type Vcenter, type VcenterOptions } from './vcenter/start-vcenter.ts'
import { defaultStateDirectory } from './vcsim/state-directory.ts'

/** Where machines get their address that are switched on without one, and how many there are. */
const LEASED_GROUP = 15
const LEASED = 254

/** How to come into guests. */
export interface TestbedSsh extends SshIdentity {
  /** May do everything in a guest; `deploy` comes in with the same key and may not. */
  readonly username: 'root'
  /** 22, unless the machine itself listens there. */
  readonly port: number
  /** Keeps the host keys of all guests that booted, as `ssh` reads them. */
  readonly knownHosts: string
}

/** A vCenter whose machines are real: what is switched on there boots, answers over SSH, and serves. */
export interface Testbed extends AsyncDisposable {
  readonly vcenter: Vcenter
  /** What a person with all rights does: in vCenter, and to provide machines. */
  readonly hands: Provider
  /** The guests, by the ids of their machines. */
  readonly guests: GuestHost
  readonly agent: HostAgent
  readonly ssh: TestbedSsh
  /** Where the application of every guest answers over HTTP. */
  readonly applicationPort: number
  /** An address that belongs to this testbed alone: `group` from 0 to 15, `n` from 1 to 254. */
  readonly address: Instance['address']
  /** Ends everything; nothing is left when it resolves. */
  close(): Promise<void>
}

/** Options of {@link startTestbed}. */
export interface TestbedOptions extends VcenterOptions {
  /** More lines for the `sshd_config` of guests. */
  readonly sshd?: readonly string[] | undefined
}

/**
 * Starts a vCenter and a host for its machines on this machine, on loopback addresses; installs what is missing for it.
 *
 * Several can run at once. They end with their process, however that ends, and leave nothing but files that the next one
 * removes.
 */
export async function startTestbed(options: TestbedOptions = {}): Promise<Testbed> {
  const { signal, stateDirectory = defaultStateDirectory } = options
  await ensureRequirements(signal)
  await ensureVcsim(options)
  await using stack = new AsyncDisposableStack()
  const instance = stack.use(await claimInstance(stateDirectory, signal))
  const [identity, baseRoot] = await Promise.all([
    createSshIdentity(instance.directory, signal),
    buildBaseRoot(join(stateDirectory, 'base-root'), signal),
  ])
  const probe = instance.address('management', 0, 254)
  const port = await firstFreePort(probe, [22, 2222, 22022])
  const applicationPort = await firstFreePort(probe, [8080, 18080, 28080])
  const knownHosts = join(instance.directory, 'known_hosts')
  const vcenter = stack.use(await startVcenter(options))
  const guests = stack.use(await createGuestHost({ directory: instance.guests, baseRoot, signal }))
  const agent = stack.use(
    startHostAgent({
      hands: vcenter.hands,
      guests,
      common: {
        authorizedKeys: { root: [identity.publicKey], deploy: [identity.publicKey] },
        port,
        applicationPort,
        sshd: options.sshd,
      },
      addressOf: (n) => (n > LEASED ? undefined : instance.address('management', LEASED_GROUP, n)),
      onBoot({ addresses: [address], hostKeys }) {
        const host = port === 22 ? address : `[${address}]:${port}`
        appendFileSync(knownHosts, hostKeys.map((key) => `${host} ${key}\n`).join(''))
      },
    }),
  )
  follow(vcenter, agent)
  const owned = stack.move()
  const close = async (): Promise<void> => await owned.disposeAsync()
  return {
    vcenter,
    hands: createProvider({ vcenter, guests, agent }),
    guests,
    agent,
    ssh: { ...identity, username: 'root', port, knownHosts },
    applicationPort,
    address: instance.address,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** What must not wait for the agent's next look: a machine that a client sees as off has no guest that answers. */
function follow({ proxy }: Vcenter, agent: HostAgent): void {
  proxy.setGuestPower({ shutdown: agent.shutdown, reboot: async (id) => await agent.reboot(id, 'orderly') })
  proxy.onCall(({ method, outcome, machine }) => {
    if (outcome !== 'ok' || machine === undefined) return
    // A guest that cannot be ended is among the agent's problems, or the next look ends it.
    if (method === 'PowerOnVM_Task') agent.switchedOn(machine)
    else if (method === 'PowerOffVM_Task') agent.powerOff(machine).catch(() => {})
    else if (method === 'ResetVM_Task') agent.reboot(machine, 'reset').catch(() => {})
  })
}
