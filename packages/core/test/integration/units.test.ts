import {
  attachGroups,
  type Commit,
  detachGroups,
  importDefinition,
  isVmunitError,
  type Manager,
  type StateStore,
  start,
  stop,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { describe, expect, it, onTestFinished } from 'vitest'
import { COMMON_ROWS } from '../spec-rows/common.ts'
import { rowOf, titleOf } from '../spec-rows/spec-row.ts'
import { UNIT_CHANGE_OWNER_ROWS } from '../spec-rows/unit-change-owner.ts'
import { UNIT_CREATE_ROWS } from '../spec-rows/unit-create.ts'
import { UNIT_DELETE_ROWS } from '../spec-rows/unit-delete.ts'
import { UNIT_INFO_ROWS } from '../spec-rows/unit-info.ts'
import { UNIT_LIST_ROWS } from '../spec-rows/unit-list.ts'
import { expectRow } from '../support/expect-row.ts'
import { createFleet, type Fleet, storyGroups, TIERS } from '../support/fleet.ts'
import { ADMINISTRATOR, openOffice, PASSWORD, RESOURCES, USER_A, USER_B } from '../support/people.ts'
import { documentsOf, refusal } from '../support/refusal.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

const UNIT = { name: 'gyoumu_a', hypervisor: 'main', description: '業務A' }
const directory = { authenticate: async () => USER_A }

/** A unit of one stopped group. */
async function stoppedUnit(fleet: Fleet): Promise<void> {
  await fleet.build('gyoumu_a', storyGroups().slice(0, 1))
  await fleet.manager.execute(stop, { unit: 'gyoumu_a' })
}

describe('units.create: the errors of spec 3.5', () => {
  const row = (number: number) => rowOf(UNIT_CREATE_ROWS, `3.5.${number}`)

  it.each(['', '1st', 'a b', '../x', 'あ', 'n'.repeat(32)])(`${titleOf(row(1))}: "%s"`, async (name) => {
    await using office = await openOffice()
    await expectRow(row(1), office.administrator.units.create({ ...UNIT, name }))
    expect(await office.administrator.units.list()).toEqual([])
  })

  it(titleOf(row(2)), async () => {
    await using office = await openOffice()
    const first = await office.administrator.as(USER_A).units.create(UNIT)
    await expectRow(row(2), office.administrator.units.create({ ...UNIT, description: 'another' }))
    expect(await office.administrator.units.list()).toEqual([first])
  })

  it(titleOf(row(3)), async () => {
    await using office = await openOffice()
    const { units } = office.administrator
    await expectRow(row(3), units.create({ ...UNIT, description: '業'.repeat(1_025) }))
    await units.create({ ...UNIT, description: '業'.repeat(1_024) })
  })

  it(`${titleOf(row(4))}, also by units that one does not see`, async () => {
    await using office = await openOffice({ maxUnits: 2 })
    const { administrator } = office
    await administrator.units.create({ ...UNIT, name: 'u1' })
    await administrator.units.create({ ...UNIT, name: 'u2' })
    const error = await expectRow(row(4), administrator.as(USER_A).units.create(UNIT))
    expect(String(error)).toContain('maxUnits')
    await administrator.units.delete('u1')
    await administrator.as(USER_A).units.create(UNIT)
  })

  it('maxUnits counts those that are created at the same moment', async () => {
    await using office = await openOffice({ maxUnits: 2 })
    const { units } = office.administrator
    const created = await Promise.allSettled(['u1', 'u2', 'u3', 'u4'].map((name) => units.create({ ...UNIT, name })))
    expect(created.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    expect(await units.list()).toHaveLength(2)
  })

  it(titleOf(row(5)), async () => {
    await using office = await openOffice()
    await office.whileLocked(async () => await expectRow(row(5), office.administrator.units.create(UNIT)))
    expect(await office.administrator.units.list()).toEqual([])
  })
})

describe('units.delete: the errors of spec 3.6', () => {
  const row = (number: number) => rowOf(UNIT_DELETE_ROWS, `3.6.${number}`)

  it(titleOf(row(1)), async () => {
    await using office = await openOffice()
    await expectRow(row(1), office.administrator.units.delete('nowhere'))
    await office.administrator.units.create(UNIT)
    await expectRow(row(1), office.administrator.as(USER_B).units.delete('gyoumu_a'))
    expect(await office.administrator.units.list()).toHaveLength(1)
  })

  it(`${titleOf(row(2))}; when they are detached, it goes with its pools`, async () => {
    await using fleet = await createFleet()
    await stoppedUnit(fleet)
    const { manager, world } = fleet
    const from = await mark(world)
    const error = await expectRow(row(2), manager.units.delete('gyoumu_a'))
    expect(String(error)).toContain('vmgroup_1')
    expect(await mutationsSince(world, from)).toEqual([])
    await manager.execute(detachGroups, { unit: 'gyoumu_a', groups: ['vmgroup_1'] })
    const poolNames = async () => (await world.admin.pools()).map(({ name }) => name)
    expect(await poolNames()).toContain('gyoumu_a')
    await manager.units.delete('gyoumu_a')
    expect(await poolNames()).not.toContain('gyoumu_a')
    expect(await manager.units.list()).toEqual([])
    expect((await refusal(manager.units.get('gyoumu_a'))).code).toBe('ERR_NOT_FOUND')
    const left = Object.keys(await documentsOf(fleet.storePath)).filter((key) => /^(unit|group|address)\//.test(key))
    expect(left).toEqual([])
  })

  it(`${titleOf(row(3))}; the unit stays, and goes when it is deleted again`, async () => {
    await using fleet = await createFleet()
    await stoppedUnit(fleet)
    const { manager, world } = fleet
    await manager.execute(detachGroups, { unit: 'gyoumu_a', groups: ['vmgroup_1'] })
    await world.admin.faults([
      { call: 'balancer.removePool', times: 1, effect: { type: 'error', code: 'ERR_UNAVAILABLE' } },
    ])
    await expectRow(row(3), manager.units.delete('gyoumu_a'))
    expect(await manager.units.list()).toHaveLength(1)
    await manager.units.delete('gyoumu_a')
    expect(await manager.units.list()).toEqual([])
  })

  it(`${titleOf(row(4))}; another may delete it when that has ended`, async () => {
    await using fleet = await createFleet()
    await stoppedUnit(fleet)
    const { manager, world } = fleet
    const plan = await manager.plan(detachGroups, { unit: 'gyoumu_a', groups: ['vmgroup_1'] })
    const run = await manager.start(plan, { approval: 'required' })
    await run.until('waiting')
    const from = await mark(world)
    const error = await expectRow(row(4), manager.units.delete('gyoumu_a'))
    expect(isVmunitError(error) && error.details['runId']).toBe(run.id)
    expect(await mutationsSince(world, from)).toEqual([])
    const { request = '' } = await run.state()
    await manager.as(ADMINISTRATOR).answer(request, { approve: true })
    await manager.resume()
    await run.result()
    await manager.units.delete('gyoumu_a')
  })

  it('a pool that servers of another unit are in stays', async () => {
    await using fleet = await createFleet()
    await stoppedUnit(fleet)
    await fleet.build('gyoumu_b', storyGroups(5).slice(1, 2))
    const { manager, world } = fleet
    await manager.execute(detachGroups, { unit: 'gyoumu_a', groups: ['vmgroup_1'] })
    const before = await world.admin.pools()
    await manager.units.delete('gyoumu_a')
    const names = (await world.admin.pools()).map(({ name }) => name)
    expect(before.find(({ name }) => name === 'gyoumu_a')?.members).toHaveLength(1)
    expect(await world.admin.pools()).toEqual(before.filter(({ name }) => names.includes(name)))
    expect(names).toContain('gyoumu_a')
  })

  it('a plan for a unit that was deleted since is not started', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    await manager.units.create(UNIT)
    const plan = await manager.plan(start, { unit: 'gyoumu_a' })
    await manager.units.delete('gyoumu_a')
    expect((await refusal(manager.start(plan))).code).toBe('ERR_NOT_FOUND')
  })

  /** A manager that is held up directly before the first commit of this kind, while `meanwhile` happens. */
  function heldUp(fleet: Fleet, isMoment: (batch: Commit) => boolean, meanwhile: () => Promise<void>): Manager {
    const store = openSqliteStore(fleet.storePath)
    onTestFinished(async () => await store.close())
    let isOver = false
    const commit: StateStore['commit'] = async (batch, call) => {
      if (!isOver && isMoment(batch)) {
        isOver = true
        await meanwhile()
      }
      await store.commit(batch, call)
    }
    return fleet.another({ store: { ...store, commit } })
  }

  it('a group that comes and stays while a deletion is under way keeps the unit', async () => {
    await using fleet = await createFleet()
    await stoppedUnit(fleet)
    const { manager } = fleet
    await manager.execute(detachGroups, { unit: 'gyoumu_a', groups: ['vmgroup_1'] })
    const removes = ({ put = [] }: Commit): boolean =>
      put.some(({ key, value }) => key === 'unit/gyoumu_a' && value === undefined)
    const slow = heldUp(fleet, removes, async () => {
      await manager.execute(attachGroups, { unit: 'gyoumu_a', groups: storyGroups().slice(0, 1) })
    })
    expect((await refusal(slow.units.delete('gyoumu_a'))).code).toBe('ERR_WRONG_STATE')
    expect((await manager.units.get('gyoumu_a')).groups).toHaveLength(1)
  })

  it('a run is not created for a unit that is deleted at that moment', async () => {
    await using fleet = await createFleet()
    await stoppedUnit(fleet)
    const { manager } = fleet
    await manager.execute(detachGroups, { unit: 'gyoumu_a', groups: ['vmgroup_1'] })
    const creates = ({ append = [] }: Commit): boolean => append.some(({ type }) => type === 'run.created')
    const slow = heldUp(fleet, creates, async () => await manager.units.delete('gyoumu_a'))
    const groups = storyGroups().slice(0, 1)
    expect((await refusal(slow.execute(attachGroups, { unit: 'gyoumu_a', groups }))).code).toBe('ERR_NOT_FOUND')
    const left = Object.keys(await documentsOf(fleet.storePath)).filter((key) => /^(unit|group|address)\//.test(key))
    expect(left).toEqual([])
  })

  it('of a deletion and a first group at the same moment, one wins', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const groups = storyGroups().slice(0, 1)
    await fleet.build('gyoumu_b', storyGroups(5).slice(0, 1))
    const { definition } = await manager.units.get('gyoumu_b')
    for (let round = 0; round < 8; round += 1) {
      await manager.units.create(UNIT)
      await manager.execute(importDefinition, { unit: 'gyoumu_a', definition: definition ?? '' })
      const plan = await manager.plan(attachGroups, { unit: 'gyoumu_a', groups })
      const attach = async (): Promise<unknown> => await (await manager.start(plan)).result()
      const [attached] = await Promise.allSettled([attach(), manager.units.delete('gyoumu_a')])
      const there = (await manager.units.list()).some(({ name }) => name === 'gyoumu_a')
      const documents = Object.keys(await documentsOf(fleet.storePath))
      expect(documents.includes('group/gyoumu_a/vmgroup_1'), `round ${round}`).toBe(there)
      expect(attached.status, `round ${round}`).toBe(there ? 'fulfilled' : 'rejected')
      if (!there) continue
      await manager.execute(detachGroups, { unit: 'gyoumu_a', groups: ['vmgroup_1'] })
      await manager.units.delete('gyoumu_a')
    }
  })
})

describe('units.changeOwner: the errors of spec 3.7, and who sees a unit by spec 1.3', () => {
  const row = (number: number) => rowOf(UNIT_CHANGE_OWNER_ROWS, `3.7.${number}`)
  const seenBy = async (manager: Manager) => (await manager.units.list()).map(({ name }) => name)

  it(titleOf(row(1)), async () => {
    await using office = await openOffice()
    await expectRow(row(1), office.administrator.units.changeOwner('nowhere', 'admin'))
  })

  it.each(['nobody', ''])(`${titleOf(row(2))}: "%s"`, async (owner) => {
    await using office = await openOffice()
    const { units } = office.administrator
    const created = await units.create(UNIT)
    await expectRow(row(2), units.changeOwner('gyoumu_a', owner))
    expect(await units.get('gyoumu_a')).toEqual(created)
  })

  it(titleOf(row(3)), async () => {
    await using office = await openOffice({ authenticator: directory })
    const { units } = office.administrator
    await units.create(UNIT)
    await expectRow(row(3), units.changeOwner('gyoumu_a', 'user_a'))
  })

  it(titleOf(row(4)), async () => {
    await using office = await openOffice()
    const { units } = office.administrator
    await units.create({ ...UNIT })
    await office.whileLocked(async () => await expectRow(row(4), units.changeOwner('gyoumu_a', 'admin')))
  })

  it.each([USER_A, USER_B, RESOURCES])(`${titleOf(row(5))}: $name`, async (principal) => {
    await using office = await openOffice()
    const { administrator } = office
    await administrator.accounts.create({ name: 'user_b', password: PASSWORD })
    await administrator.as(USER_A).units.create(UNIT)
    await expectRow(row(5), administrator.as(principal).units.changeOwner('gyoumu_a', 'user_b'))
    expect((await administrator.units.get('gyoumu_a')).owner).toBe('user_a')
  })

  it('a builder’s unit is the builder’s and the administrator’s; given away, the one before loses it at once', async () => {
    await using office = await openOffice()
    const { administrator } = office
    for (const name of ['user_a', 'user_b']) await administrator.accounts.create({ name, password: PASSWORD })
    const [a, b] = [administrator.as(USER_A), administrator.as(USER_B)]
    await a.units.create(UNIT)
    expect([await seenBy(a), await seenBy(b), await seenBy(administrator)]).toEqual([['gyoumu_a'], [], ['gyoumu_a']])
    await administrator.units.changeOwner('gyoumu_a', 'user_b')
    expect([await seenBy(a), await seenBy(b), await seenBy(administrator)]).toEqual([[], ['gyoumu_a'], ['gyoumu_a']])
    await administrator.units.changeOwner('gyoumu_a', 'admin')
    expect([await seenBy(a), await seenBy(b), await seenBy(administrator)]).toEqual([[], [], ['gyoumu_a']])
  })

  it('the administrator’s unit is no builder’s until it is given to one', async () => {
    await using office = await openOffice()
    const { administrator } = office
    await administrator.accounts.create({ name: 'user_a', password: PASSWORD })
    await administrator.units.create(UNIT)
    expect(await seenBy(administrator.as(USER_A))).toEqual([])
    await administrator.units.changeOwner('gyoumu_a', 'user_a')
    expect(await seenBy(administrator.as(USER_A))).toEqual(['gyoumu_a'])
    expect(await seenBy(administrator)).toEqual(['gyoumu_a'])
  })

  it('takes the handles on runs away with the unit', async () => {
    await using fleet = await createFleet()
    await stoppedUnit(fleet)
    const { manager } = fleet
    const administrator = manager.as(ADMINISTRATOR)
    await administrator.accounts.create({ name: 'user_b', password: PASSWORD })
    const plan = await manager.plan(start, { unit: 'gyoumu_a' })
    const { id } = await manager.start(plan, { approval: 'required' })
    const mine = await manager.run(id)
    await administrator.units.changeOwner('gyoumu_a', 'user_b')
    expect((await refusal(manager.run(id))).code).toBe('ERR_NOT_FOUND')
    expect((await refusal(mine.cancel('out of spite'))).code).toBe('ERR_NOT_FOUND')
    expect((await refusal(manager.start(plan))).code).toBe('ERR_NOT_FOUND')
    const hers = await manager.as(USER_B).run(id)
    await hers.cancel('not wanted any more')
    expect((await hers.state()).state).toBe('cancelled')
  })
})

describe('units.list: spec 3.8', () => {
  const row = (number: number) => rowOf(UNIT_LIST_ROWS, `3.8.${number}`)

  it(titleOf(row(1)), async () => {
    await using office = await openOffice()
    const { administrator } = office
    await administrator.as(USER_B).units.create({ ...UNIT, name: 'gyoumu_b' })
    await administrator.as(USER_A).units.create(UNIT)
    await administrator.units.create({ ...UNIT, name: 'gyoumu_c' })
    await expectRow(row(1), administrator.units.list())
    expect((await administrator.units.list()).map(({ name, owner }) => [name, owner])).toEqual([
      ['gyoumu_a', 'user_a'],
      ['gyoumu_b', 'user_b'],
      ['gyoumu_c', 'admin'],
    ])
  })

  it(titleOf(row(2)), async () => {
    await using office = await openOffice()
    const { administrator } = office
    await administrator.as(USER_A).units.create(UNIT)
    await administrator.units.create({ ...UNIT, name: 'gyoumu_c' })
    const { units } = administrator.as(USER_A)
    await expectRow(row(2), units.list())
    expect((await units.list()).map(({ name }) => name)).toEqual(['gyoumu_a'])
  })
})

describe('units.info: spec 3.18', () => {
  const row = (number: number) => rowOf(UNIT_INFO_ROWS, `3.18.${number}`)

  it(titleOf(row(1)), async () => {
    await using fleet = await createFleet()
    await fleet.build('gyoumu_a', storyGroups().slice(0, 1))
    await expectRow(row(1), fleet.manager.units.info('gyoumu_a'))
    expect(await fleet.manager.units.info('gyoumu_a')).toEqual({
      name: 'gyoumu_a',
      owner: 'user_a',
      description: '業務',
      tiers: TIERS.map(({ id, type }) => ({ id, type })),
    })
  })

  it(titleOf(row(2)), async () => {
    await using office = await openOffice({ authenticator: directory })
    const { units } = office.administrator
    await units.create(UNIT)
    await expectRow(row(2), units.info('gyoumu_a'))
    expect(await units.info('gyoumu_a')).toEqual({ name: 'gyoumu_a', description: '業務A' })
  })

  it(titleOf(row(3)), async () => {
    await using office = await openOffice()
    await office.administrator.units.create(UNIT)
    await expectRow(row(3), office.administrator.units.info('nowhere'))
    await expectRow(row(3), office.administrator.as(USER_B).units.info('gyoumu_a'))
  })
})

describe('what all commands share: spec 3.0', () => {
  const row = (number: number) => rowOf(COMMON_ROWS, `3.0.${number}`)

  it(titleOf(row(1)), async () => {
    await using office = await openOffice()
    await expectRow(row(1), office.administrator.execute(start, { unit: 'not a name' }))
  })

  it(titleOf(row(2)), async () => {
    await using office = await openOffice()
    await office.administrator.close()
    await expectRow(row(2), office.administrator.units.list())
    await expectRow(row(2), office.administrator.accounts.list())
    await expectRow(row(2), office.administrator.authenticate('user_a', PASSWORD))
  })

  it(titleOf(row(4)), async () => {
    await using office = await openOffice()
    await office.administrator.as(USER_A).units.create(UNIT)
    const stranger = office.administrator.as(USER_B)
    const hidden = await expectRow(row(4), stranger.units.get('gyoumu_a'))
    const absent = await expectRow(row(4), stranger.units.get('gyoumu_z'))
    expect(String(hidden).replace('gyoumu_a', '?')).toBe(String(absent).replace('gyoumu_z', '?'))
    await expectRow(row(4), stranger.execute(start, { unit: 'gyoumu_a' }))
    expect(office.calls).toEqual([])
  })

  it(titleOf(row(5)), async () => {
    await using fleet = await createFleet()
    await stoppedUnit(fleet)
    const run = await fleet.manager.start(await fleet.manager.plan(start, { unit: 'gyoumu_a' }), {
      approval: 'required',
    })
    await expectRow(row(5), run.result({ signal: AbortSignal.timeout(50) }))
    await run.cancel('not needed')
  })

  it(titleOf(row(6)), async () => {
    await using fleet = await createFleet()
    await stoppedUnit(fleet)
    await expectRow(row(6), fleet.manager.execute(start, { unit: 'gyoumu_a' }))
  })

  it(titleOf(row(7)), async () => {
    await using fleet = await createFleet()
    await stoppedUnit(fleet)
    const [first] = storyGroups()
    await expectRow(row(7), fleet.manager.execute(attachGroups, { unit: 'gyoumu_a', groups: first ? [first] : [] }))
  })

  it(titleOf(row(8)), async () => {
    await using fleet = await createFleet()
    await stoppedUnit(fleet)
    const plan = await fleet.manager.plan(start, { unit: 'gyoumu_a' })
    const run = await fleet.manager.start(plan, { approval: 'required' })
    await expectRow(row(8), fleet.manager.execute(start, { unit: 'gyoumu_a' }))
    await run.cancel('enough')
    await fleet.manager.execute(start, { unit: 'gyoumu_a' })
  })

  it(titleOf(row(9)), async () => {
    await using fleet = await createFleet()
    await stoppedUnit(fleet)
    await fleet.world.admin.faults([{ call: 'guests.startJob', effect: { type: 'error', code: 'ERR_DRIVER' } }])
    await expectRow(row(9), fleet.manager.execute(start, { unit: 'gyoumu_a' }))
  })

  it('a lock that an owner of the store holds is class 2 wherever it is met', async () => {
    await using office = await openOffice()
    await office.whileLocked(async () => {
      const error = await refusal(
        office.administrator.templates.register({ name: 't', hypervisor: 'main', image: 'i' }),
      )
      expect(error.code).toBe('ERR_STORE_BUSY')
    })
  })
})
