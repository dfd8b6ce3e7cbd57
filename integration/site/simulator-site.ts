import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectWorld, startWorld, type World } from '@vmunit/core/testing'
import { membersOf } from './members-of.ts'
import type { Site, SiteMachine } from './site.ts'
import { watchWorld } from './watch-world.ts'

/** A site on the simulator, in a process of its own. */
export async function openSimulatorSite(): Promise<Site> {
  await using opened = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'vmunit-site-'))
  opened.defer(async () => await rm(directory, { recursive: true }))
  const { socket } = await startWorld({ directory, world: { latencyMs: { create: 20, power: 10, exec: 1 } } })
  const world = await connectWorld(socket, { caller: 'a person' })
  opened.defer(async () => await world.stop())
  const rest = opened.move()
  const { admin } = world
  return {
    name: 'simulator',
    tellsOrigin: true,
    connection: { type: 'simulator', world: socket },
    addresses: (host) => ({ address: `192.168.1.${host}`, serviceAddress: `192.168.2.${host}` }),
    provideImage: async (template) =>
      await admin.addImage({ template, version: 1, files: { '/etc/release': `${template} 1\n` } }),
    provideMachine: async (machine) => await admin.addMachine({ ...machine, power: 'on' }),
    machines: async () =>
      (await admin.machines()).map(
        ({ id, name, power, marker, lineage }): SiteMachine => ({ id, name, power, marker, lineage }),
      ),
    readFile: async (machine, path) => await admin.readFile(machine, path),
    writeFile: async (machine, path, text) => await admin.writeFile(machine, path, text),
    setPower: async (machine, power) => await admin.setPower(machine, power),
    watch: async (unit, groups) => await watchWorld(world, { unit, groups }),
    members: async () => await membersOf(world),
    serves: async (address) =>
      (await admin.machines()).some(
        ({ addresses, power, services }) => addresses.includes(address) && power === 'on' && services.length > 0,
      ),
    changedMachines: async () => await changedMachines(world),
    [Symbol.asyncDispose]: async () => await rest.disposeAsync(),
  }
}

async function changedMachines({ admin }: World): Promise<ReadonlySet<string>> {
  const log = await admin.log()
  return new Set(log.flatMap((event) => (event.type === 'begun' && event.caller === 'manager' ? [event.subject] : [])))
}
