import {
  block,
  detachGroups,
  exitClass,
  importDefinition,
  mark,
  start,
  stop,
  unblock,
  unmark,
  updateUnit,
} from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { GROUP_MARK_ROWS } from '../spec-rows/group-mark.ts'
import { rowOf, titleOf } from '../spec-rows/spec-row.ts'
import { expectRow } from '../support/expect-row.ts'
import { createFleet, type Fleet, storyGroups, TIERS } from '../support/fleet.ts'
import { memoryDefinition } from '../support/memory-definition.ts'
import { ADMINISTRATOR, USER_B } from '../support/people.ts'
import { documentsOf } from '../support/refusal.ts'
import { mark as markOf, mutationsSince } from '../support/world-log.ts'

const unit = 'gyoumu_a'
const group = 'vmgroup_1'
const row = (number: number) => rowOf(GROUP_MARK_ROWS, `3.20.${number}`)

async function running(): Promise<Fleet> {
  const fleet = await createFleet()
  await fleet.build(unit, storyGroups())
  return fleet
}

async function markIn(fleet: Fleet, name = group) {
  return (await fleet.manager.units.get(unit)).groups.find((one) => one.name === name)?.mark
}

describe('units.servers, mark and unmark: spec 3.20', () => {
  it(titleOf(row(1)), async () => {
    await using fleet = await running()
    await expectRow(row(1), fleet.manager.units.servers(unit))
    const servers = await fleet.manager.units.servers(unit)
    expect(servers.map(({ address, group: name, tierId, status }) => [address, name, tierId, status])).toEqual([
      ['192.168.1.101', 'vmgroup_1', 'combined', 'working'],
      ['192.168.1.102', 'vmgroup_2', 'combined', 'working'],
      ['192.168.1.103', 'vmgroup_3', 'web', 'working'],
      ['192.168.1.104', 'vmgroup_3', 'app', 'working'],
    ])
  })

  it(titleOf(row(2)), async () => {
    await using fleet = await running()
    const { manager } = fleet
    const before = Date.now()
    await expectRow(row(2), manager.execute(mark, { unit, group, comment: '調査中' }))
    const bears = await markIn(fleet)
    expect(bears?.comment).toBe('調査中')
    expect(bears?.time).toBeGreaterThanOrEqual(before)
    expect(bears?.time).toBeLessThanOrEqual(Date.now())
    expect(await markIn(fleet, 'vmgroup_2')).toBeUndefined()
    await manager.execute(mark, { unit, group })
    expect(await markIn(fleet)).toEqual({ time: expect.any(Number), comment: '' })
  })

  it(titleOf(row(3)), async () => {
    await using fleet = await running()
    const { manager } = fleet
    await manager.execute(mark, { unit, group, comment: '調査中' })
    await manager.execute(stop, { unit })
    const bears = await markIn(fleet)
    await expectRow(row(3), manager.execute(start, { unit }))
    await manager.execute(stop, { unit, groups: ['vmgroup_2'] })
    const other = await manager.execute(start, { unit, groups: ['vmgroup_2'] })
    expect(other.warnings, 'others do not warn').toEqual([])
    expect(await markIn(fleet), 'the manager never takes a mark off').toEqual(bears)
  })

  it(titleOf(row(4)), async () => {
    await using fleet = await running()
    await fleet.manager.execute(mark, { unit, group, comment: '調査中' })
    const result = await expectRow(row(4), fleet.manager.execute(stop, { unit }))
    expect(result).toMatchObject({ warnings: ['vmgroup_1 bears a fault mark: 調査中'] })
    expect((await fleet.manager.units.servers(unit)).map(({ status }) => status)).toEqual(Array(4).fill('stopped'))
  })

  it(titleOf(row(5)), async () => {
    await using fleet = await running()
    const { hash } = await fleet.manager.definitions.add(
      memoryDefinition(TIERS, { 'combined/config/server.conf': '2' }),
    )
    await fleet.manager.execute(importDefinition, { unit, definition: hash })
    await fleet.manager.execute(stop, { unit })
    await fleet.manager.execute(mark, { unit, group })
    const result = await expectRow(row(5), fleet.manager.execute(updateUnit, { unit }))
    expect(result).toMatchObject({ warnings: ['vmgroup_1 bears a fault mark'] })
  })

  it(titleOf(row(11)), async () => {
    await using fleet = await running()
    const { manager } = fleet
    await manager.execute(mark, { unit, group, comment: '調査中' })
    const warning = 'vmgroup_1 bears a fault mark: 調査中'
    expect(await expectRow(row(11), manager.execute(start, { unit }))).toMatchObject({ warnings: [warning] })
    expect((await manager.execute(unblock, { unit })).warnings).toEqual([warning])
    expect((await manager.execute(updateUnit, { unit })).warnings).toContain(warning)
    await manager.execute(stop, { unit })
    expect((await manager.execute(stop, { unit })).warnings).toEqual([warning])
    expect((await manager.execute(block, { unit })).warnings).toEqual([warning])
    expect((await manager.execute(stop, { unit, groups: ['vmgroup_2'] })).warnings, 'others do not').toEqual([])
  })

  it(titleOf(row(6)), async () => {
    await using fleet = await running()
    const { manager } = fleet
    await manager.execute(mark, { unit, group, comment: '調査中' })
    await expectRow(row(6), manager.execute(unmark, { unit, group }))
    expect(await markIn(fleet)).toBeUndefined()
    expect(exitClass(await manager.execute(stop, { unit }))).toBe(0)
  })

  it(titleOf(row(7)), async () => {
    await using fleet = await running()
    const result = await expectRow(row(7), fleet.manager.execute(unmark, { unit, group }))
    expect(result).toMatchObject({ warnings: ['vmgroup_1 bears no fault mark'], outcomes: [] })
  })

  it.each([
    ['mark', mark],
    ['unmark', unmark],
  ] as const)(`${titleOf(row(8))}: %s`, async (_name, operation) => {
    await using fleet = await running()
    await expectRow(row(8), fleet.manager.execute(operation, { unit: 'nowhere', group }))
    await expectRow(row(8), fleet.manager.as(USER_B).execute(operation, { unit, group }))
  })

  it.each([
    ['mark', mark],
    ['unmark', unmark],
  ] as const)(`${titleOf(row(9))}: %s`, async (_name, operation) => {
    await using fleet = await running()
    const before = await documentsOf(fleet.storePath)
    await expectRow(row(9), fleet.manager.execute(operation, { unit, group: 'vmgroup_9' }))
    expect(await documentsOf(fleet.storePath)).toEqual(before)
  })

  it.each(['c'.repeat(1_025), 'two\nlines', 'a\u0000nul'])(`${titleOf(row(10))}: %j`, async (comment) => {
    await using fleet = await running()
    const before = await documentsOf(fleet.storePath)
    await expectRow(row(10), fleet.manager.execute(mark, { unit, group, comment }))
    expect(await documentsOf(fleet.storePath)).toEqual(before)
  })
})

describe('a mark', () => {
  it('is set while a run has the group, and stays when that goes on', async () => {
    await using fleet = await running()
    const { manager } = fleet
    const run = await manager.start(await manager.plan(stop, { unit }), { approval: 'required' })
    await run.until('waiting')
    await manager.execute(mark, { unit, group, comment: '調査中' })
    await manager.as(ADMINISTRATOR).answer((await run.state()).request ?? '', { approve: true })
    await manager.resume()
    await run.result()
    expect((await markIn(fleet))?.comment).toBe('調査中')
  })

  it('is set while neither hypervisor nor balancer answer, and asks neither', async () => {
    await using fleet = await running()
    const { manager, world } = fleet
    await world.admin.faults([{ call: '*', effect: { type: 'error', code: 'ERR_UNAVAILABLE' } }])
    const from = (await world.admin.log()).length
    await manager.execute(mark, { unit, group, comment: '調査中' })
    await manager.execute(unmark, { unit, group })
    const asked = (await world.admin.log({ from: from + 1 })).filter((event) => event.type === 'call')
    expect(asked.filter(({ call }) => !call.startsWith('admin.'))).toEqual([])
  })

  it('changes nothing in the world, and says in the journal who set it', async () => {
    await using fleet = await running()
    const { manager, world } = fleet
    const from = await markOf(world)
    const { runId } = await manager.execute(mark, { unit, group, comment: '調査中' })
    expect(await mutationsSince(world, from)).toEqual([])
    const run = await manager.run(runId)
    const [created] = await Array.fromAsync(run.events({ follow: false }))
    expect(created).toMatchObject({ type: 'run.created', data: { principal: { name: 'user_a' } } })
  })

  it('that was planned is not set on a group that was detached since', async () => {
    await using fleet = await running()
    const { manager } = fleet
    const plan = await manager.plan(mark, { unit, group })
    await manager.execute(stop, { unit, groups: [group] })
    await manager.execute(detachGroups, { unit, groups: [group] })
    await expect(manager.start(plan)).rejects.toMatchObject({ code: 'ERR_PLAN_STALE' })
  })
})
