import {
  type AddressPool,
  type ApplyTemplateInput,
  applyTemplate,
  attachGroups,
  createAddressPool,
  detachGroups,
  endQuarantine,
  type GroupDeclaration,
  type Manager,
  type StateStore,
  scaleOut,
  stop,
  type TemplateRef,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { describe, expect, it } from 'vitest'
import { commitUpdates } from '../../src/engine/commit-updates.ts'
import { noteAddress } from '../../src/operations/steps/beside-documents.ts'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { expectRefused, refusal } from '../support/refusal.ts'
import { SLOTS, UNIT, upgrade } from '../support/story.ts'

const FIRST = '192.168.1.201'
const SECOND = '192.168.1.202'
const THIRD = '192.168.1.203'
const networks = { management: [FIRST, SECOND, THIRD], service: ['192.168.2.201', '192.168.2.202'] }
const SLOT = SLOTS[0]

/** A group by hand, with one server of this address. */
const byHand = (address: string): readonly GroupDeclaration[] => [
  { name: 'vmgroup_9', servers: [{ tierId: 'combined', address, port: 20580 }] },
]

interface Parts extends AsyncDisposable {
  readonly fleet: Fleet
  readonly store: StateStore
  readonly pool: AddressPool
  readonly later: (ms: number) => void
}

async function prepare(restMs = 3_600_000): Promise<Parts> {
  const fleet = await createFleet()
  await fleet.build(UNIT, storyGroups())
  let aheadMs = 0
  const store = openSqliteStore(fleet.storePath, { clock: { now: () => Date.now() + aheadMs } })
  return {
    fleet,
    store,
    pool: createAddressPool({ store, networks, restMs }),
    later: (ms) => {
      aheadMs += ms
    },
    async [Symbol.asyncDispose]() {
      await fleet[Symbol.asyncDispose]()
      await store.close()
    },
  }
}

/** What the replacement of a server beside it does at its beginning: notes under which id it asks, and asks. */
async function reserve({ store, pool }: Parts, id = `run-1/${SLOT}/reserve-management#1`): Promise<string> {
  const note = noteAddress(
    { unit: UNIT, slot: SLOT },
    { runId: 'run-1', member: `${SLOT}/2` },
    { id, network: 'management' },
  )
  await commitUpdates(store, { updates: [note] })
  return await pool.reserve('management', id)
}

/** The same store, in which something else happens directly before the first commit that matches. */
function interrupted(store: StateStore, isMeant: (keys: readonly string[]) => boolean, before: () => Promise<unknown>) {
  let isOver = false
  const commit: StateStore['commit'] = async (batch, call) => {
    if (!isOver && isMeant((batch.put ?? []).map(({ key }) => key))) {
      isOver = true
      await before()
    }
    await store.commit(batch, call)
  }
  return { ...store, commit }
}

const rolls = (template: TemplateRef): ApplyTemplateInput => ({
  unit: UNIT,
  template,
  groups: ['vmgroup_1'],
  waves: [{ groups: '100%', surge: 1 }],
  addresses: 'pool',
})

describe('an address of the pool', () => {
  it('that a server takes between the look and the commit is not handed out', async () => {
    await using parts = await prepare()
    const { fleet, store } = parts
    const other = interrupted(
      store,
      (keys) => keys.includes('pool/management'),
      async () => await fleet.manager.execute(attachGroups, { unit: UNIT, groups: byHand(FIRST) }),
    )
    expect(await createAddressPool({ store: other, networks }).reserve('management', 'other')).toBe(SECOND)
  })

  it('that a run is about to give to a server is not handed out, nor while it waits for its approval', async () => {
    await using parts = await prepare()
    const { fleet, store, pool } = parts
    const { manager } = fleet
    const attach = async (): Promise<unknown> =>
      await manager.start(await manager.plan(attachGroups, { unit: UNIT, groups: byHand(FIRST) }), {
        approval: 'required',
      })
    const other = interrupted(store, (keys) => keys.includes('pool/management'), attach)
    expect(await createAddressPool({ store: other, networks }).reserve('management', 'other')).toBe(SECOND)
    expect(await pool.reserve('management', 'third')).toBe(THIRD)
  })

  it.each([{ operation: attachGroups }, { operation: scaleOut }])(
    'that is reserved between plan and start is not given to a server by $operation.name',
    async ({ operation }) => {
      await using parts = await prepare()
      const { fleet, store } = parts
      const other = interrupted(
        store,
        (keys) => keys.includes('claims/addresses/all'),
        async () => await reserve(parts),
      )
      const manager = fleet.another({ store: other })
      const error = await refusal(manager.execute(operation, { unit: UNIT, groups: byHand(FIRST) }))
      expect(error.code).toBe('ERR_PLAN_STALE')
      expect(error.message).toContain(`run-1/${SLOT}/reserve-management#1`)
      expect((await manager.units.get(UNIT)).groups.map(({ name }) => name)).not.toContain('vmgroup_9')
      expect(await store.get([`address/${FIRST}`])).toEqual([undefined])
    },
  )

  it.each([{ operation: attachGroups }, { operation: scaleOut }])(
    'that is reserved or rests is not planned for a server by $operation.name; afterwards it may be',
    async ({ operation }) => {
      await using parts = await prepare(60_000)
      const { store, fleet, pool, later } = parts
      // With the clock of the test.
      const manager = fleet.another({ store })
      const attach = async () => await manager.plan(operation, { unit: UNIT, groups: byHand(FIRST) })
      const id = `run-1/${SLOT}/reserve-management#1`
      expect(await reserve(parts, id)).toBe(FIRST)
      const reserved = await expectRefused(fleet, 'ERR_ALREADY_EXISTS', attach)
      expect(reserved.message).toContain(`is handed out for ${id}`)
      await pool.release(FIRST, id)
      const resting = await expectRefused(fleet, 'ERR_ALREADY_EXISTS', attach)
      expect(resting.message).toContain('rests until 2')
      later(60_001)
      const run = await manager.start(await attach(), { approval: 'required' })
      expect(await pool.reserve('management', 'other')).toBe(SECOND)
      await run.cancel('enough')
      expect(await pool.reserve('management', 'third')).toBe(THIRD)
    },
  )

  it('that is left beside a server is free for others once it has rested', async () => {
    await using parts = await prepare(60_000)
    const { store, fleet, pool, later } = parts
    const manager = fleet.another({ store, addresses: pool })
    await reserve(parts)
    await manager.execute(endQuarantine, { unit: UNIT })
    await expectRefused(fleet, 'ERR_ALREADY_EXISTS', () => attach(manager, FIRST))
    later(60_001)
    await attach(manager, FIRST)
  })

  it('goes with the machine of a group that is detached, which may be attached again', async () => {
    await using parts = await prepare()
    const { fleet, pool } = parts
    const manager = fleet.another({ addresses: pool })
    const groups = ['vmgroup_1']
    await manager.execute(applyTemplate, rolls(await upgrade(fleet)))
    await manager.execute(stop, { unit: UNIT, groups })
    await manager.execute(detachGroups, { unit: UNIT, groups })
    await attach(manager, FIRST)
    expect(await pool.reserve('management', 'other')).toBe(SECOND)
  })
})

async function attach(manager: Manager, address: string): Promise<void> {
  await manager.execute(attachGroups, { unit: UNIT, groups: byHand(address) })
}
