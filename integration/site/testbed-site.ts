import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Marker } from '@vmunit/core'
import { connectWorld, startWorld } from '@vmunit/core/testing'
import { type AdminMachine, askService, startProber, startTestbed, type Testbed } from '@vmunit/testbed'
import { membersOf } from './members-of.ts'
import type { ServiceWatch, Site, SiteMachine, WatchedGroup } from './site.ts'

/** How often the service addresses are asked. */
const PROBE_MS = 50

/** How long a user waits for an answer on a machine that is busy with other tests too. */
const ANSWER_MS = 10_000

/** A site of real parts: a vCenter API, guests with real `sshd`, and the load balancer of a world. */
export interface TestbedSite extends Site {
  readonly testbed: Testbed
}

/** Starts a testbed of its own. */
export async function openTestbedSite(): Promise<TestbedSite> {
  await using opened = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'vmunit-site-'))
  opened.defer(async () => await rm(directory, { recursive: true }))
  const { socket } = await startWorld({ directory })
  const world = await connectWorld(socket, { caller: 'a person' })
  opened.defer(async () => await world.stop())
  const testbed = opened.use(await startTestbed())
  const { vcenter, guests, ssh } = testbed
  const mark = vcenter.proxy.mark()
  const rest = opened.move()
  return {
    name: 'testbed',
    testbed,
    // vCenter keeps it in its events only, for a while.
    tellsOrigin: false,
    connection: {
      type: 'testbed',
      vcenter: { url: vcenter.url, ca: vcenter.ca, username: vcenter.username, password: vcenter.password },
      ssh: { username: ssh.username, privateKey: ssh.privateKey, port: ssh.port },
      world: socket,
    },
    addresses: (host) => ({
      address: testbed.address('management', 1, host),
      serviceAddress: testbed.address('service', 1, host),
    }),
    provideImage: async (name) => await testbed.hands.provideTemplate({ name }),
    provideMachine: async ({ image, ...machine }) =>
      await testbed.hands.provideMachine({ ...machine, template: image }),
    machines: async () => await machinesOf(testbed),
    readFile: async (machine, path) => await guests.readFile(machine, path),
    writeFile: async (machine, path, text) => await guests.writeFile(machine, path, text),
    setPower: async (machine, power) => await vcenter.hands.power(machine, power),
    watch: async (_unit, groups) => watchServices(groups, testbed.applicationPort),
    members: async () => await membersOf(world),
    serves: async (address) =>
      (await askService({ address, port: testbed.applicationPort, timeoutMs: ANSWER_MS })) !== undefined,
    changedMachines: async () => {
      const calls = vcenter.proxy.calls({ since: mark, mutating: true })
      return new Set(calls.filter(({ method }) => method !== 'CloneVM_Task').flatMap(({ machine }) => machine ?? []))
    },
    [Symbol.asyncDispose]: async () => await rest.disposeAsync(),
  }
}

async function machinesOf({ vcenter: { hands } }: Testbed): Promise<readonly SiteMachine[]> {
  const sources = await hands.lineage()
  const lineage = (id: string): readonly string[] => {
    const source = sources.get(id)
    return source === undefined ? [] : [source, ...lineage(source)]
  }
  return (await hands.machines())
    .filter(({ isTemplate }) => !isTemplate)
    .map((machine) => ({
      id: machine.id,
      name: machine.name,
      power: machine.power === 'on' ? 'on' : 'off',
      marker: markerOf(machine),
      lineage: lineage(machine.id),
    }))
}

/** Reads a marker as the driver documents it: one that was copied with a machine does not count. */
function markerOf({ instanceUuid, extraConfig }: AdminMachine): Marker | undefined {
  const text = extraConfig['vmunit.marker']
  if (text === undefined) return undefined
  const {
    manager,
    unit,
    slot,
    operationId,
    instanceUuid: writtenFor,
  } = JSON.parse(text) as Record<keyof Marker | 'instanceUuid', string>
  return writtenFor === instanceUuid ? { manager, unit, slot, operationId } : undefined
}

function watchServices(groups: readonly WatchedGroup[], port: number): ServiceWatch {
  const prober = startProber({
    groups: groups.map(({ name, servers }) => ({
      name,
      addresses: servers.map(({ serviceAddress, elsewhere = [] }) => [serviceAddress, ...elsewhere]),
    })),
    port,
    intervalMs: PROBE_MS,
  })
  return {
    async stop() {
      const { fewest, missed } = await prober.stop()
      return { fewest, interrupted: [...missed.keys()] }
    },
    [Symbol.asyncDispose]: async () => await prober[Symbol.asyncDispose](),
  }
}
