import type { Argv, GroupDeclaration, GuestAccess, HypervisorDriver, ManagementUnit, VirtualServer } from '@vmunit/core'
import { createWorld } from '@vmunit/core/testing'
import { createSshAccess } from '@vmunit/driver-ssh'
import { connectVsphere } from '@vmunit/driver-vsphere'
import { type ProbeReport, type Prober, startProber, startTestbed, type Testbed } from '@vmunit/testbed'
import type { DataCentre, Evidence, Period } from './data-centre.ts'

/** The file that the patch creates. */
const PATCHED = '/etc/patched-by-demo'

const PATCH: Argv = ['touch', PATCHED]

/** How often a user asks each service address. */
const PROBE_MS = 50

/** The last octet of an address: what is kept when a server gets its place here. */
function hostOf(address: string): number {
  return Number(address.slice(address.lastIndexOf('.') + 1))
}

/**
 * Starts real parts on this machine: a vCenter API, guests with a real `sshd`, and a prober. Needs Linux and root;
 * what else is missing is installed.
 */
export async function openVsphereDataCentre(): Promise<DataCentre> {
  await using opened = new AsyncDisposableStack()
  const testbed = opened.use(await startTestbed())
  const { vcenter, ssh } = testbed
  const { url, ca, username, password } = vcenter
  const hypervisor = opened.use(await connectVsphere({ url, ca, username, password }))
  const guests = opened.use(createSshAccess({ username: ssh.username, privateKey: ssh.privateKey, port: ssh.port }))
  const { balancer, close } = createWorld()
  opened.defer(close)
  const probers = new Map<string, Prober>()
  opened.defer(async () => {
    for (const prober of probers.values()) await prober[Symbol.asyncDispose]()
  })
  const rest = opened.move()
  return {
    title: `vCenter at ${url}, govmomi ${vcenter.version}; guests on loopback addresses`,
    drivers: { hypervisors: { main: hypervisor }, balancers: { edge: balancer }, guests },
    patch: PATCH,
    place: (groups) => groups.map((group) => placed(testbed, group)),
    provideImage: async (name) => await testbed.hands.provideTemplate({ name }),
    provideMachine: async ({ image, ...machine }) =>
      void (await testbed.hands.provideMachine({ ...machine, template: image })),
    // Real parts take the time that they take.
    slowDown: async () => {},
    async beginWatching(units) {
      for (const unit of units)
        probers.set(
          unit.name,
          startProber({ groups: probedGroups(unit), port: testbed.applicationPort, intervalMs: PROBE_MS }),
        )
    },
    patchIn: async (server) => await patchIn({ hypervisor, guests }, server),
    evidence: async (period) => await evidenceOf(testbed, probers, period),
    close: async () => await rest.disposeAsync(),
  }
}

function placed(testbed: Testbed, group: GroupDeclaration): GroupDeclaration {
  return {
    ...group,
    servers: group.servers.map((server) => {
      const host = hostOf(server.address)
      const address = testbed.address('management', 1, host)
      const serviceAddress = testbed.address('service', 1, host)
      return { ...server, address, ...(server.serviceAddress !== undefined && { serviceAddress }) }
    }),
  }
}

function probedGroups({ groups }: ManagementUnit): Parameters<typeof startProber>[0]['groups'] {
  return groups.map(({ name, servers }) => ({
    name,
    addresses: servers.flatMap(({ serviceAddress }) => serviceAddress ?? []),
  }))
}

interface Drivers {
  readonly hypervisor: HypervisorDriver
  readonly guests: GuestAccess
}

/** Asks the guest itself, over SSH. */
async function patchIn({ hypervisor, guests }: Drivers, server: VirtualServer): Promise<string | undefined> {
  const { machines } = await hypervisor.inventory({ ids: [server.machine?.id ?? ''] })
  await using guest = await guests.open({ address: server.address, hostKeys: machines[0]?.hostKeys ?? [] })
  const { exitCode } = await guest.exec({ argv: ['test', '-f', PATCHED] })
  return exitCode === 0 ? `${PATCHED} found over SSH` : undefined
}

async function evidenceOf(
  { vcenter: { hands, proxy } }: Testbed,
  probers: ReadonlyMap<string, Prober>,
  period: Period,
): Promise<Evidence> {
  const reports = new Map<string, ProbeReport>()
  for (const [unit, prober] of probers) reports.set(unit, await prober.stop())
  const machines = await hands.machines()
  const names = new Map(machines.map(({ id, name }) => [id, name]))
  const sources = await hands.lineage()
  const ancestors = (id: string): readonly string[] => {
    const source = sources.get(id)
    return source === undefined ? [] : [names.get(source) ?? source, ...ancestors(source)]
  }
  // A clone reads its source and changes nothing in it.
  const changes = proxy.calls({ mutating: true }).filter(({ method }) => method !== 'CloneVM_Task')
  const during = changes.filter(({ time }) => time >= period.from && time <= period.to)
  const servers = machines.filter(({ isTemplate }) => !isTemplate)
  return {
    leastServing: ({ name }) => reports.get(name)?.fewest ?? 0,
    changed: new Set(during.flatMap(({ machine }) => machine ?? [])),
    strangers: servers.filter(({ extraConfig }) => extraConfig['vmunit.marker'] === undefined).map(({ id }) => id),
    marked: servers.filter(({ extraConfig }) => extraConfig['vmunit.marker'] !== undefined).map(({ id }) => id),
    lineageOf: (machine) => (names.has(machine) ? ancestors(machine) : undefined),
  }
}
