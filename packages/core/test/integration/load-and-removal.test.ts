import {
  type FleetResult,
  type LoadProposal,
  type MeasuredLoad,
  type Plan,
  type StateStore,
  start,
  stop,
  type WatchLoad,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { virtualClock } from '@vmunit/core/testing'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { refusal } from '../support/refusal.ts'
import { machineOf, SLOTS, UNIT } from '../support/story.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

async function prepare(): Promise<Fleet> {
  const fleet = await createFleet()
  await fleet.build(UNIT, storyGroups())
  return fleet
}

/** Writes the load that each server of the tier has into a file that the command shows. */
async function setLoad(fleet: Fleet, loads: readonly (number | string)[]): Promise<void> {
  for (const [index, load] of loads.entries()) {
    await fleet.world.admin.writeFile((await machineOf(fleet, SLOTS[index] ?? '')).id, '/proc/load', String(load))
  }
}

const COMMAND = ['cat', '/proc/load'] as const

/** A watch that proposes at the first load over a half. */
function onceHigh(fleet: Fleet): WatchLoad<FleetResult> {
  const propose = async (): Promise<Plan<FleetResult>> => await fleet.manager.plan(start, { unit: UNIT })
  return { unit: UNIT, tier: 'combined', command: COMMAND, above: 0.5, times: 1, propose }
}

describe('watchLoad', () => {
  it('proposes a plan after too much load in a row, and starts nothing', async () => {
    await using fleet = await prepare()
    const manager = fleet.another({ clock: virtualClock() })
    await setLoad(fleet, [0.9, 0.7])
    const end = new AbortController()
    const seen: MeasuredLoad[] = []
    const from = await mark(fleet.world)
    const proposals: LoadProposal<unknown>[] = []
    const watch = manager.watchLoad({
      unit: UNIT,
      tier: 'combined',
      command: COMMAND,
      above: 0.75,
      times: 2,
      signal: end.signal,
      async propose(load) {
        seen.push(load)
        return await fleet.manager.plan(stop, { unit: UNIT, groups: ['vmgroup_3'] })
      },
    })
    for await (const proposal of watch) {
      proposals.push(proposal)
      break
    }
    expect(seen).toEqual([
      {
        average: 0.8,
        servers: [
          { server: SLOTS[0], value: 0.9 },
          { server: SLOTS[1], value: 0.7 },
        ],
      },
    ])
    expect(proposals[0]?.plan.operation.name).toBe('stop')
    expect(await mutationsSince(fleet.world, from)).toEqual([])
    expect((await Array.fromAsync(fleet.manager.runs({ states: ['running'] }))).length).toBe(0)
  })

  it('a server that prints no number counts for nothing, and is named', async () => {
    await using fleet = await prepare()
    const manager = fleet.another({ clock: virtualClock() })
    await setLoad(fleet, ['much', 0.9])
    const watch = manager.watchLoad(onceHigh(fleet))
    for await (const { load } of watch) {
      expect(load).toMatchObject({
        average: 0.9,
        servers: [{ problem: expect.stringContaining('much') }, { value: 0.9 }],
      })
      break
    }
  })

  it('a hypervisor that does not answer for a while counts for nothing, and the watch goes on', async () => {
    await using fleet = await prepare()
    const manager = fleet.another({ clock: virtualClock() })
    await setLoad(fleet, [0.9, 0.9])
    await fleet.world.admin.faults([
      { call: 'hypervisor.inventory', times: 2, effect: { type: 'error', code: 'ERR_UNAVAILABLE', retryable: true } },
    ])
    const watch = manager.watchLoad(onceHigh(fleet))
    for await (const { load } of watch) {
      expect(load.average).toBe(0.9)
      break
    }
  })

  it('who may only view runs no command in the guests', async () => {
    await using fleet = await prepare()
    const directory = fleet.another({
      authenticator: { authenticate: () => Promise.reject(new Error('nobody comes in')) },
    })
    const viewer = directory.as({
      name: 'user_b',
      role: 'builder',
      grants: [{ unit: UNIT, permission: 'view' }],
    })
    const watch = viewer.watchLoad({
      unit: UNIT,
      command: ['touch', '/root/was-here'],
      above: 0.5,
      signal: AbortSignal.timeout(2_000),
      propose: () => Promise.reject(new Error('not asked for')),
    })
    expect((await refusal(Array.fromAsync(watch))).code).toBe('ERR_PERMISSION_DENIED')
    const { id } = await machineOf(fleet, SLOTS[0])
    expect(await fleet.world.admin.files(id)).not.toContain('/root/was-here')
  })

  it('ends for somebody whose password was reset meanwhile', async () => {
    await using fleet = await prepare()
    const manager = fleet.another({ clock: virtualClock(), principal: { name: 'admin', role: 'administrator' } })
    await manager.accounts.create({ name: 'user_a', password: 'a good one of his own' })
    const own = await manager.authenticate('user_a', 'a good one of his own')
    await setLoad(fleet, [0.9, 0.9])
    const watch = own.watchLoad({
      unit: UNIT,
      tier: 'combined',
      command: COMMAND,
      above: 0.5,
      times: 1,
      signal: AbortSignal.timeout(5_000),
      propose: async () => await fleet.manager.plan(start, { unit: UNIT }),
    })
    const proposals = watch[Symbol.asyncIterator]()
    expect((await proposals.next()).done).toBe(false)
    await manager.accounts.changePassword({ name: 'user_a', next: 'another good one' })
    expect((await refusal(proposals.next())).code).toBe('ERR_UNAUTHENTICATED')
  })

  it('too little, it goes on until it is aborted', async () => {
    await using fleet = await prepare()
    const manager = fleet.another({ clock: virtualClock() })
    await setLoad(fleet, [0.1, 0.1])
    const reason = new Error('enough')
    const watch = manager.watchLoad({
      unit: UNIT,
      tier: 'combined',
      command: COMMAND,
      above: 0.5,
      everyMs: 1_000,
      signal: AbortSignal.any([AbortSignal.timeout(300)]),
      propose: () => Promise.reject(reason),
    })
    await expect(Array.fromAsync(watch)).rejects.toMatchObject({ name: 'TimeoutError' })
  })
})

describe('removal of a manager', () => {
  it('is refused when a unit is created while it looks', async () => {
    await using fleet = await createFleet()
    await using store = openSqliteStore(fleet.storePath)
    let isCreated = false
    const watched: StateStore = {
      ...store,
      async *list(prefix, call) {
        if (prefix === 'open/' && !isCreated) {
          isCreated = true
          await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
        }
        yield* store.list(prefix, call)
      },
    }
    const admin = fleet.another({ store: watched, principal: { name: 'admin', role: 'administrator' } })
    expect((await refusal(admin.remove())).code).toBe('ERR_WRONG_STATE')
    expect(await fleet.another().units.list()).toHaveLength(1)
  })

  it('is refused while there are units, and to all but administrators', async () => {
    await using fleet = await prepare()
    const admin = fleet.manager.as({ name: 'admin', role: 'administrator' })
    expect((await refusal(fleet.manager.remove())).code).toBe('ERR_PERMISSION_DENIED')
    const error = await refusal(admin.remove())
    expect(error).toMatchObject({ code: 'ERR_WRONG_STATE', details: { units: [UNIT] } })
    expect(await admin.units.list()).toHaveLength(1)
  })

  it('closes the manager and leaves the store to nobody', async () => {
    await using fleet = await createFleet()
    await fleet.manager.as({ name: 'admin', role: 'administrator' }).remove()
    expect((await refusal(fleet.manager.units.list())).code).toBe('ERR_CLOSED')
    const next = fleet.another({ id: 'another' })
    expect(await next.units.list()).toEqual([])
  })
})
