import {
  attachGroups,
  type Guest,
  type GuestAccess,
  importDefinition,
  mark,
  start,
  stop,
  type UnitStatus,
  updateUnit,
} from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { rowOf, titleOf } from '../spec-rows/spec-row.ts'
import { UNIT_STATUS_ROWS } from '../spec-rows/unit-status.ts'
import { expectRow } from '../support/expect-row.ts'
import { createFleet, type Fleet, storyGroups, TIERS } from '../support/fleet.ts'
import { memoryDefinition } from '../support/memory-definition.ts'
import { mark as markOf, mutationsSince } from '../support/world-log.ts'

const unit = 'gyoumu_a'
const row = (number: number) => rowOf(UNIT_STATUS_ROWS, `3.19.${number}`)

/** The text that each file of the definition has in `createFleet`. */
const TEXTS = Object.fromEntries(TIERS.map(({ id }) => [`${id}/config/server.conf`, `tier ${id} of ${unit}`]))
const HOOK = { 'hook/pre-setup': '#!/bin/sh\ntouch /var/lib/prepared' }

async function machineOf(fleet: Fleet, slot: string): Promise<string> {
  const servers = await fleet.manager.units.servers(unit)
  return servers.find((server) => server.slot === slot)?.machine?.id ?? ''
}

/** What a person does who logs in. */
async function systemctl({ world }: Fleet, machine: string, verb: 'start' | 'stop'): Promise<void> {
  const { machines } = await world.hypervisor.inventory({ ids: [machine] })
  const [found] = machines
  const guest = await world.guests.open({ address: found?.addresses[0] ?? '', hostKeys: found?.hostKeys ?? [] })
  await guest.exec({ argv: ['systemctl', verb, 'application'] })
  await guest.close()
}

function lineOf(status: UnitStatus, slot: string): string {
  const found = status.servers.find((server) => server.slot === slot)
  if (found === undefined) throw new Error(`no ${slot}`)
  const { logical, observed, machine, access, balancer, updateScope } = found
  return [logical, observed, machine, access, balancer, updateScope].join(' ')
}

describe('units.status: spec 3.19', () => {
  it(titleOf(row(1)), async () => {
    await using fleet = await createFleet()
    const [first, second] = storyGroups()
    const low = { ...second!, servers: [{ ...second!.servers[0]!, address: '192.168.1.9', serviceAddress: undefined }] }
    await fleet.build(unit, [first!, low])
    await fleet.manager.execute(stop, { unit, groups: ['vmgroup_2'] })
    await expectRow(row(1), fleet.manager.units.status(unit))
    const { servers } = await fleet.manager.units.status(unit)
    expect(servers).toEqual([
      {
        address: '192.168.1.9',
        slot: 'vmgroup_2/combined/0',
        tierId: 'combined',
        group: 'vmgroup_2',
        updateScope: 'none',
        logical: 'stopped',
        observed: 'stopped',
        balancer: 'blocked',
        access: 'online',
        machine: 'on',
        mark: undefined,
        hint: undefined,
      },
      {
        address: '192.168.1.101',
        slot: 'vmgroup_1/combined/0',
        tierId: 'combined',
        group: 'vmgroup_1',
        updateScope: 'none',
        logical: 'working',
        observed: 'working',
        balancer: 'unblocked',
        access: 'online',
        machine: 'on',
        mark: undefined,
        hint: undefined,
      },
    ])
  })

  it(titleOf(row(2)), async () => {
    await using fleet = await createFleet()
    const { manager, world } = fleet
    await manager.units.create({ name: unit, hypervisor: 'main' })
    expect(await manager.units.status(unit)).toEqual({
      name: unit,
      definition: 'none',
      allServers: 0,
      activeServers: 0,
      invalidServers: 0,
      groups: [],
      servers: [],
    })
    await manager.units.delete(unit)
    await fleet.build(unit, storyGroups())
    await expectRow(row(2), manager.units.status(unit))
    const counts = async () => {
      const { definition, allServers, activeServers, invalidServers } = await manager.units.status(unit)
      return { definition, allServers, activeServers, invalidServers }
    }
    expect(await counts()).toEqual({ definition: 'reflected', allServers: 4, activeServers: 4, invalidServers: 0 })
    await world.admin.setPower(await machineOf(fleet, 'vmgroup_1/combined/0'), 'off')
    const next = await manager.definitions.add(memoryDefinition(TIERS, { 'combined/config/server.conf': 'new' }))
    await manager.execute(importDefinition, { unit, definition: next.hash })
    expect(await counts()).toEqual({ definition: 'changed', allServers: 4, activeServers: 3, invalidServers: 1 })
  })

  it(titleOf(row(3)), async () => {
    await using fleet = await createFleet()
    await fleet.build(unit, storyGroups())
    const { manager, world } = fleet
    await manager.execute(mark, { unit, group: 'vmgroup_3', comment: '調査中' })
    await world.admin.setPower(await machineOf(fleet, 'vmgroup_3/web/0'), 'off')
    await expectRow(row(3), manager.units.status(unit))
    const { groups, servers } = await manager.units.status(unit)
    const bears = { time: expect.any(Number), comment: '調査中' }
    expect(groups).toEqual([
      { name: 'vmgroup_1', allServers: 1, activeServers: 1, invalidServers: 0, mark: undefined },
      { name: 'vmgroup_2', allServers: 1, activeServers: 1, invalidServers: 0, mark: undefined },
      { name: 'vmgroup_3', allServers: 2, activeServers: 1, invalidServers: 1, mark: bears },
    ])
    expect(servers.map((server) => server.mark)).toEqual([undefined, undefined, bears, bears])
    const narrowed = await manager.units.status(unit, { groups: ['vmgroup_3'] })
    expect(narrowed.groups).toEqual(groups.slice(2))
    expect(narrowed).toMatchObject({ allServers: 2, activeServers: 1, invalidServers: 1 })
  })

  it(titleOf(row(4)), async () => {
    await using fleet = await createFleet()
    await expectRow(row(4), fleet.manager.units.status('nowhere'))
  })

  it(titleOf(row(5)), async () => {
    await using fleet = await createFleet()
    await fleet.build(unit, storyGroups().slice(0, 1))
    const error = await expectRow(row(5), fleet.manager.units.status(unit, { groups: ['vmgroup_1', 'vmgroup_9'] }))
    expect(error).toHaveProperty('message', `Unit ${unit} has no group vmgroup_9. It has vmgroup_1.`)
  })
})

describe('what a status observes', () => {
  const slot = 'vmgroup_1/combined/0'
  const one = storyGroups().slice(0, 1)

  async function disturbed(disturb: (fleet: Fleet, machine: string) => Promise<void>) {
    const fleet = await createFleet()
    await fleet.build(unit, one)
    await disturb(fleet, await machineOf(fleet, slot))
    return fleet
  }

  it.each<readonly [string, (fleet: Fleet, machine: string) => Promise<void>, string, RegExp]>([
    [
      'a machine that is off',
      async ({ world }, machine) => await world.admin.setPower(machine, 'off'),
      'working stopped off offline unblocked none',
      /should work, but its machine is off/,
    ],
    [
      'a machine that is gone',
      async ({ world }, machine) => await world.admin.removeMachine(machine),
      'working missing missing offline unblocked none',
      /its machine does not exist/,
    ],
    [
      'an application that a person stopped',
      async (fleet, machine) => await systemctl(fleet, machine, 'stop'),
      'working stopped on online unblocked none',
      /should work, but "systemctl is-active application" ended with exit code 3/,
    ],
    [
      'a guest that does not answer',
      async ({ world }) =>
        await world.admin.faults([{ call: 'guests.open', effect: { type: 'error', code: 'ERR_UNAVAILABLE' } }]),
      'working unknown on offline unblocked none',
      /should work, but its guest does not let the manager in/,
    ],
    [
      'an application that does not answer',
      async ({ world }) =>
        await world.admin.faults([{ call: 'guests.exec', effect: { type: 'error', code: 'ERR_TIMEOUT' } }]),
      'working operating on online unblocked none',
      /should work, but its application does not answer/,
    ],
    [
      'a hypervisor that does not answer',
      async ({ world }) =>
        await world.admin.faults([
          { call: 'hypervisor.inventory', effect: { type: 'error', code: 'ERR_UNAVAILABLE' } },
        ]),
      'working unknown unknown offline unblocked none',
      /should work, but the hypervisor does not answer/,
    ],
    [
      'a part of the hypervisor that does not answer',
      async ({ world }, machine) => {
        const [found] = (await world.hypervisor.inventory({ ids: [machine] })).machines
        await world.admin.blind([found?.failureDomain ?? ''])
      },
      'working unknown unknown offline unblocked none',
      /should work, but the hypervisor does not see .+ now/,
    ],
    [
      'a balancer that does not answer',
      async ({ world }) =>
        await world.admin.faults([{ call: 'balancer.members', effect: { type: 'error', code: 'ERR_UNAVAILABLE' } }]),
      'working working on online unknown none',
      /^undefined$/,
    ],
    [
      'a balancer that sends no traffic any more',
      async ({ world }) => await world.balancer.traffic('gyoumu_a', slot, 'out'),
      'working working on online blocked none',
      /should get traffic, but the balancer sends it none/,
    ],
    [
      'an application that a person started',
      async (fleet, machine) => {
        await fleet.manager.execute(stop, { unit })
        await systemctl(fleet, machine, 'start')
      },
      'stopped working on online blocked none',
      /should be stopped, but its application works/,
    ],
    [
      'a balancer that sends traffic to a stopped server',
      async (fleet) => {
        await fleet.manager.execute(stop, { unit })
        await fleet.world.balancer.traffic('gyoumu_a', slot, 'in')
      },
      'stopped stopped on online unblocked none',
      /should get no traffic, but the balancer sends it some/,
    ],
  ])('%s', async (_what, disturb, line, hint) => {
    await using fleet = await disturbed(disturb)
    const from = await markOf(fleet.world)
    const status = await fleet.manager.units.status(unit)
    expect(lineOf(status, slot)).toBe(line)
    expect(String(status.servers[0]?.hint)).toMatch(hint)
    expect(status.invalidServers).toBe(status.servers[0]?.hint === undefined ? 0 : 1)
    expect(await mutationsSince(fleet.world, from), 'a status changes nothing').toEqual([])
  })

  it('a start that failed', async () => {
    await using fleet = await createFleet()
    await fleet.build(unit, one)
    await fleet.manager.execute(stop, { unit })
    const machine = await machineOf(fleet, slot)
    await fleet.world.admin.writeFile(machine, '/etc/application.broken', '')
    await fleet.manager.execute(start, { unit }).catch(() => {})
    const status = await fleet.manager.units.status(unit)
    expect(lineOf(status, slot)).toMatch(/^fault\(starting\) stopped on online blocked/)
    expect(status.servers[0]?.hint).toBe('is fault(starting)')
    expect(status.invalidServers).toBe(1)
  })

  it('servers that are attached and not built, with or without a machine', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    await manager.units.create({ name: unit, hypervisor: 'main' })
    const { hash } = await manager.definitions.add(memoryDefinition(TIERS, TEXTS))
    await manager.execute(importDefinition, { unit, definition: hash })
    const [first, second] = storyGroups()
    await fleet.provide([first!], unit)
    await manager.execute(attachGroups, { unit, groups: [first!, second!] })
    const status = await manager.units.status(unit)
    expect(status).toMatchObject({ definition: 'changed', allServers: 2, activeServers: 0, invalidServers: 0 })
    expect(lineOf(status, slot)).toBe('initial stopped on online blocked all')
    expect(lineOf(status, 'vmgroup_2/combined/0')).toBe('initial unknown unbound offline blocked all')
  })

  it('how much of the registered definition each server lacks', async () => {
    await using fleet = await createFleet()
    await fleet.build(unit, one)
    const { manager } = fleet
    const scope = async (texts: Readonly<Record<string, string>>): Promise<string | undefined> => {
      const { hash } = await manager.definitions.add(memoryDefinition(TIERS, texts))
      await manager.execute(importDefinition, { unit, definition: hash })
      return (await manager.units.status(unit)).servers[0]?.updateScope
    }
    expect(await scope({ ...TEXTS, ...HOOK })).toBe('none')
    expect(await scope({ ...TEXTS, ...HOOK, 'combined/app/shop.ear': 'PK' })).toBe('applications')
    expect(await scope({ ...TEXTS, ...HOOK, 'combined/config/server.conf': 'another' })).toBe('all')
    await manager.execute(updateUnit, { unit, whole: true, allowOutage: true })
    expect((await manager.units.status(unit)).definition).toBe('reflected')
  })

  it('ends at an abort with its reason, and leaves no connection', async () => {
    await using fleet = await createFleet()
    await fleet.build(unit, one)
    const reason = new Error('no longer wanted')
    await expect(fleet.manager.units.status(unit, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    await fleet.world.admin.faults([{ call: 'guests.exec', effect: { type: 'delay', ms: 60_000 } }])
    const asked = Promise.withResolvers<void>()
    let open = 0
    const watched: GuestAccess = {
      ...fleet.world.guests,
      async open(target, call) {
        const guest = await fleet.world.guests.open(target, call)
        open += 1
        const exec: Guest['exec'] = (...given) => {
          asked.resolve()
          return guest.exec(...given)
        }
        const close = async (): Promise<void> => {
          await guest.close()
          open -= 1
        }
        return { ...guest, exec, close }
      },
    }
    const over = new AbortController()
    const looking = fleet.another({ guests: watched }).units.status(unit, { signal: over.signal })
    await asked.promise
    over.abort(reason)
    await expect(looking).rejects.toBe(reason)
    expect(open, 'connections that are left').toBe(0)
  })
})
