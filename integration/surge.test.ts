import {
  applyTemplate,
  createAddressPool,
  endQuarantine,
  type GroupDeclaration,
  isVmunitError,
  patchTemplate,
  runScript,
  type TemplateRef,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSites, type SiteOpener } from './site/open-sites.ts'
import type { Site, WatchedGroup } from './site/site.ts'
import { directoryOf } from './support/directory.ts'
import { buildUnit, createFleet, type Fleet, openFleet, storyGroups, watched } from './support/fleet.ts'
import { fileInEach, machineOf, machinesOf, standing } from './support/looks.ts'
import { watchUsers } from './support/watch-users.ts'

// Each tier stands in one group only: in its place no group could be replaced without an outage.
describe.each(openSites())('replacement beside what serves on the $name', ({ open }: SiteOpener) => {
  let site: Site
  let fleet: Fleet
  let closing: AsyncDisposableStack
  let groups: readonly GroupDeclaration[]
  const unit = 'gyoumu_a'
  const slots = ['vmgroup_1/combined/0', 'vmgroup_3/web/0', 'vmgroup_3/app/0'] as const
  const pools = ['gyoumu_a', 'gyoumu_a-web']
  /** Of the pool of addresses, in its order. */
  const host = (index: number) => site.addresses(101 + index)

  beforeAll(async () => {
    closing = new AsyncDisposableStack()
    site = closing.use(await open())
    const first = closing.use(await createFleet(site))
    groups = storyGroups(site).filter(({ name }) => name !== 'vmgroup_2')
    await buildUnit(first, { unit, groups })
    const hosts = [0, 1, 2, 3, 4].map(host)
    const store = closing.use(openSqliteStore(first.storePath))
    const networks = {
      management: hosts.map(({ address }) => address),
      service: hosts.map(({ serviceAddress }) => serviceAddress),
    }
    const addresses = createAddressPool({ store, networks, restMs: 0 })
    fleet = closing.use(await openFleet(first, { addresses }))
  }, 240_000)

  afterAll(async () => await closing?.disposeAsync(), 60_000)

  async function patch(file: string): Promise<TemplateRef> {
    return (await fleet.manager.execute(patchTemplate, { template: 'web-base', commands: [['touch', file]] })).version
  }

  /** Rolls a version over the unit while users and an onlooker watch; each server serves here or there. */
  async function roll(template: TemplateRef, seen: readonly WatchedGroup[]): Promise<void> {
    await using watch = await site.watch(unit, seen)
    await using users = watchUsers(site, pools)
    await fleet.manager.execute(applyTemplate, {
      unit,
      template,
      waves: [{ groups: '100%', surge: 1 }],
      addresses: 'pool',
    })
    const { rounds, unserved } = await users.stop()
    expect(unserved, `users in ${rounds} rounds`).toEqual([])
    expect(rounds).toBeGreaterThan(1)
    expect(await watch.stop()).toEqual({ fewest: 2, interrupted: [] })
  }

  /** `slot address service` of all servers. */
  async function places(): Promise<readonly string[]> {
    const { groups: present } = await fleet.manager.units.get(unit)
    return present.flatMap(({ servers }) =>
      servers.map(({ slot, address, serviceAddress }) => `${slot} ${address} ${serviceAddress}`),
    )
  }

  const at = (...indexes: readonly number[]): readonly string[] =>
    slots.map((slot, index) => {
      const { address, serviceAddress } = host(indexes[index] ?? 0)
      return `${slot} ${address} ${serviceAddress}`
    })

  /** Where each server is before and after a roll. */
  const moving = (to: readonly number[], from?: readonly number[]): readonly WatchedGroup[] =>
    watched(groups).map(({ name, servers }) => ({
      name,
      servers: servers.map((server) => {
        const index = slots.findIndex((slot) => slot === server.slot)
        const before = from === undefined ? server : host(from[index] ?? 0)
        return { ...server, serviceAddress: before.serviceAddress, elsewhere: [host(to[index] ?? 0).serviceAddress] }
      }),
    }))

  async function members(): Promise<readonly string[]> {
    return (await site.members()).map(({ pool, name, address, traffic }) => `${pool} ${name} ${address} ${traffic}`)
  }

  /** The product itself reaches all servers where it says that they are, and finds what the version carries. */
  async function expectReached(file: string): Promise<void> {
    const { manager } = fleet
    const run = async (line: string, only?: readonly string[]): Promise<void> => {
      const { hash } = await manager.definitions.add(directoryOf({ 'user-script': `#!/bin/sh\n${line}\n` }))
      await manager.execute(runScript, { unit, script: hash, groups: only })
    }
    await run('echo $VMI_VIRTUALID > /etc/reached')
    await run(`cp ${file} /etc/carried`, ['vmgroup_1'])
    const servers = (await manager.units.get(unit)).groups.flatMap((group) => group.servers)
    expect(await fileInEach(fleet, unit, '/etc/reached')).toEqual(
      Object.fromEntries(servers.map(({ slot, address }) => [slot, `${address}\n`])),
    )
    expect((await fileInEach(fleet, unit, '/etc/carried'))[slots[0]]).toBe('')
  }

  /** Each server is one machine that was made from the version, built where it is now; nothing else is there. */
  async function expectRenewed(version: TemplateRef, file: string): Promise<void> {
    const { versions } = await fleet.manager.templates.get('web-base')
    const image = versions.find(({ number }) => number === version.version)?.image
    const files = await fileInEach(fleet, unit, file)
    const motd = await fileInEach(fleet, unit, '/etc/motd')
    const all = await site.machines()
    const present = await fleet.manager.units.get(unit)
    for (const server of present.groups.flatMap(({ servers }) => servers)) {
      const machine = await machineOf(site, unit, server.slot)
      expect(machine).toMatchObject({ id: server.machine?.id, power: 'on' })
      if (server.tierId !== 'app') expect(machine.lineage).toContain(image)
      expect(files[server.slot]).toBe(server.tierId === 'app' ? undefined : '')
      expect(motd[server.slot]).toBe(`set up for ${server.address}\n`)
      const config = `/opt/vmunit/definition/${server.tierId}/config/server.conf`
      expect(await site.readFile(machine.id, config)).toBe(`tier ${server.tierId}\n`)
    }
    expect(all).toHaveLength(slots.length)
    expect(present.groups.flatMap(({ quarantine }) => quarantine)).toEqual([])
    const { findings } = await fleet.manager.diagnose({ unit })
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([])
  }

  /** Whether each address of a network rests, and who has it according to the records. */
  async function poolOf(network: 'management' | 'service'): Promise<readonly string[]> {
    await using store = openSqliteStore(fleet.storePath)
    const [pool] = await store.get([`pool/${network}`])
    const known: Readonly<Record<string, { readonly time?: number } | undefined>> = Object(pool?.value)
    const all = [0, 1, 2, 3, 4].map((index) => host(index)[network === 'management' ? 'address' : 'serviceAddress'])
    const holders = await store.get(all.map((address) => `address/${address}`))
    return all.map((address, index) => {
      const entry = known[address]
      const state = entry === undefined ? 'new' : entry.time === undefined ? 'used' : 'rests'
      const holder = holders[index]?.value
      return `${state} ${typeof holder === 'string' ? holder : 'nobody'}`
    })
  }

  // One story, told in order: each chapter begins where the one before ended.
  it('brings new machines up at addresses of the pool while every service answers', async () => {
    const version = await patch('/etc/patched-2')
    const old = new Set([...(await machinesOf(site, unit)).values()].flat().map(({ id }) => id))
    await roll(version, moving([0, 1, 2]))
    expect(await places()).toEqual(at(0, 1, 2))
    expect(standing(await fleet.manager.units.get(unit))).toEqual([
      `${slots[0]} working in 2`,
      `${slots[1]} working in 2`,
      `${slots[2]} working none 1`,
    ])
    expect((await site.machines()).filter(({ id }) => old.has(id))).toEqual([])
    await expectRenewed(version, '/etc/patched-2')
    await expectReached('/etc/patched-2')
    expect(await members()).toEqual([
      `gyoumu_a ${slots[0]}/2 ${host(0).serviceAddress} in`,
      `gyoumu_a-web ${slots[1]}/2 ${host(1).serviceAddress} in`,
    ])
    const used = [...slots.map((slot) => `used ${unit} ${slot}`), 'new nobody', 'new nobody']
    expect(await poolOf('management')).toEqual(used)
    expect(await poolOf('service')).toEqual(used)
    await using store = openSqliteStore(fleet.storePath)
    const before = groups.flatMap(({ servers }) => servers.map(({ address }) => `address/${address}`))
    expect((await store.get(before)).map((document) => document?.value)).toEqual(before.map(() => undefined))
  }, 300_000)

  it('takes the other names and a released address back the next time', async () => {
    const version = await patch('/etc/patched-3')
    await roll(version, moving([3, 4, 0], [0, 1, 2]))
    expect(await places()).toEqual(at(3, 4, 0))
    await expectRenewed(version, '/etc/patched-3')
    await expectReached('/etc/patched-3')
    expect(await members()).toEqual([
      `gyoumu_a ${slots[0]} ${host(3).serviceAddress} in`,
      `gyoumu_a-web ${slots[1]} ${host(4).serviceAddress} in`,
    ])
    const used = [
      `used ${unit} ${slots[2]}`,
      'rests nobody',
      'rests nobody',
      `used ${unit} ${slots[0]}`,
      `used ${unit} ${slots[1]}`,
    ]
    expect(await poolOf('management')).toEqual(used)
    expect(await poolOf('service')).toEqual(used)
  }, 300_000)

  it('that is cancelled lists what it leaves beside the servers, and endQuarantine takes it away', async () => {
    const { manager } = fleet
    const before = await places()
    const machines = (await site.machines()).map(({ id }) => id).toSorted()
    const inPools = await members()
    const template = await patch('/etc/patched-4')
    const run = await manager.start(
      await manager.plan(applyTemplate, {
        unit,
        template,
        groups: ['vmgroup_1'],
        waves: [{ groups: 1, surge: 1 }],
        addresses: 'pool',
      }),
    )
    for await (const { type, data } of run.events()) {
      if (type === 'step.began' && Reflect.get(Object(data), 'step') === `${slots[0]}/unblock`) break
    }
    await run.cancel('another day')
    const error: unknown = await run.result().catch((reason: unknown) => reason)
    expect(isVmunitError(error, 'ERR_CANCELLED') && error.details['halfDone']).toEqual([slots[0]])
    const [beside] = (await manager.units.get(unit)).groups.flatMap(({ servers }) =>
      servers.flatMap((server) => server.beside ?? []),
    )
    const { address, serviceAddress } = host(1)
    expect(beside).toMatchObject({ runId: run.id, addresses: [{ address }, { address: serviceAddress }] })
    expect((await site.machines()).map(({ id }) => id).toSorted()).toEqual(
      [...machines, ...(beside?.machines ?? []).map(({ id }) => id ?? '')].toSorted(),
    )
    expect(await site.serves(serviceAddress)).toBe(true)

    await using users = watchUsers(site, pools)
    await manager.execute(endQuarantine, { unit })
    expect((await users.stop()).unserved).toEqual([])
    expect(await places()).toEqual(before)
    expect((await site.machines()).map(({ id }) => id).toSorted()).toEqual(machines)
    expect(await members()).toEqual(inPools)
    expect(await site.serves(serviceAddress)).toBe(false)
    expect((await poolOf('management')).slice(1, 3)).toEqual(['rests nobody', 'rests nobody'])
  }, 300_000)
})
