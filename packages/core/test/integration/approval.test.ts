import { applyTemplate, type Manager, type PendingRequest, start, stop } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { documentsOf, expectRefused, refusal } from '../support/refusal.ts'
import { SLOTS, standing, UNIT, upgrade } from '../support/story.ts'
import { until } from '../support/until.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

const SECOND = { name: 'user_b', role: 'administrator' } as const

async function prepare(fleet: Fleet) {
  await fleet.build(UNIT, storyGroups())
  return { unit: UNIT, template: await upgrade(fleet), allowOutage: true }
}

async function pending(manager: Manager): Promise<PendingRequest> {
  return await until(async () => (await manager.requests.list())[0])
}

async function holderOf(fleet: Fleet, run: string) {
  const store = openSqliteStore(fleet.storePath)
  try {
    return await store.holder(`run/${run}`)
  } finally {
    await store.close()
  }
}

describe('an approval before a run', () => {
  it('is waited for without a lease and without a change; other groups stay usable', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const input = await prepare(fleet)
    const plan = await manager.plan(applyTemplate, { ...input, groups: ['vmgroup_1'] })
    const from = await mark(fleet.world)
    const run = await manager.start(plan, { approval: 'required' })
    const request = await pending(manager)
    expect(request).toMatchObject({ run: run.id, planHash: plan.hash, requestedBy: 'user_a' })
    const state = await run.state()
    expect(state).toMatchObject({ state: 'waiting', request: request.id })
    expect(state.waitingFor).toBeTruthy()
    await until(async () => ((await holderOf(fleet, run.id)) === undefined ? true : undefined))
    expect(await mutationsSince(fleet.world, from)).toEqual([])

    await manager.execute(stop, { unit: UNIT, groups: ['vmgroup_2'] })
    await manager.execute(start, { unit: UNIT, groups: ['vmgroup_2'] })
    const error = await refusal(manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] }))
    expect(error.code).toBe('ERR_CLAIMED')
    expect(error.details).toMatchObject({ runId: run.id, state: 'waiting' })
    expect(error.message).toContain('waiting')

    await manager.as(SECOND).answer(request.id, { approve: true, planHash: plan.hash })
    const { outcomes } = await run.result()
    expect(outcomes).toMatchObject([{ server: SLOTS[0], status: 'changed' }])
    expect(await manager.requests.list()).toEqual([])
  })

  it('the requester cannot give it, neither the same person with another role', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const plan = await manager.plan(applyTemplate, await prepare(fleet))
    const run = await manager.start(plan, { approval: 'required' })
    const { id } = await pending(manager)
    await until(async () => ((await holderOf(fleet, run.id)) === undefined ? true : undefined))
    for (const own of [manager, manager.as({ name: 'user_a', role: 'administrator' }), fleet.another()]) {
      const error = await expectRefused(fleet, 'ERR_APPROVAL_REFUSED', () => own.answer(id, { approve: true }))
      expect(error.message).toContain('second person')
    }
    expect((await run.state()).state).toBe('waiting')
    await run.cancel('enough')
  })

  it('does not count for another plan', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const input = await prepare(fleet)
    const plan = await manager.plan(applyTemplate, input)
    const other = await manager.plan(applyTemplate, { ...input, groups: ['vmgroup_1'] })
    const run = await manager.start(plan, { approval: 'required' })
    const { id } = await pending(manager)
    await until(async () => ((await holderOf(fleet, run.id)) === undefined ? true : undefined))
    const error = await expectRefused(fleet, 'ERR_APPROVAL_REFUSED', () =>
      manager.as(SECOND).answer(id, { approve: true, planHash: other.hash }),
    )
    expect(error.message).toContain('another plan')
    await run.cancel('enough')
  })

  it('a changed plan is a new run with a request of its own; the old answer does not serve it', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const input = await prepare(fleet)
    const first = await manager.start(await manager.plan(stop, { unit: UNIT, groups: ['vmgroup_1'] }), {
      approval: 'required',
    })
    await manager.as(SECOND).answer((await pending(manager)).id, { approve: true })
    await first.result()
    const changed = await manager.plan(applyTemplate, { ...input, groups: ['vmgroup_1'] })
    const second = await manager.start(changed, { approval: 'required' })
    const request = await pending(manager)
    expect(request).toMatchObject({ run: second.id, planHash: changed.hash })
    expect((await second.state()).state).toBe('waiting')
    await manager.as(SECOND).answer(request.id, { approve: true })
    await second.result()
  })

  it('refused: the run is cancelled, nothing is changed, the claims are given back', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const plan = await manager.plan(applyTemplate, await prepare(fleet))
    const from = await mark(fleet.world)
    const run = await manager.start(plan, { approval: 'required' })
    await manager.as(SECOND).answer((await pending(manager)).id, { approve: false })
    const error = await refusal(run.result())
    expect(error.code).toBe('ERR_CANCELLED')
    expect(error.message).toContain('user_b')
    expect(error.details['outcomes']).toMatchObject(SLOTS.map((server) => ({ server, status: 'notStarted' })))
    expect(await mutationsSince(fleet.world, from)).toEqual([])
    await manager.execute(stop, { unit: UNIT })
  })

  it('answered twice is refused, and so is an unknown request', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const plan = await manager.plan(stop, { unit: (await prepare(fleet)).unit })
    const run = await manager.start(plan, { approval: 'required' })
    const { id } = await pending(manager)
    await manager.as(SECOND).answer(id, { approve: true })
    await run.result()
    await expectRefused(fleet, 'ERR_CONFLICT', () => manager.as(SECOND).answer(id, { approve: false }))
    await expectRefused(fleet, 'ERR_NOT_FOUND', () => manager.as(SECOND).answer('no-such', { approve: true }))
  })

  it('given while no process watches is found at the next resume', async () => {
    await using fleet = await createFleet()
    const input = await prepare(fleet)
    const first = fleet.another()
    const plan = await first.plan(applyTemplate, { ...input, groups: ['vmgroup_1'] })
    const run = await first.start(plan, { approval: 'required' })
    const { id } = await pending(first)
    await first.close()
    expect(await fleet.manager.resume(), 'not due yet').toEqual([])
    await fleet.manager.as(SECOND).answer(id, { approve: true })
    const [resumed] = await fleet.manager.resume()
    expect(resumed?.id).toBe(run.id)
    await resumed?.result()
    expect(standing(await fleet.manager.units.get(UNIT))[0]).toBe('vmgroup_1/combined/0 working in 2')
  })

  it('a plan that went stale while it waited is not executed', async () => {
    await using fleet = await createFleet()
    const { manager, world } = fleet
    const plan = await manager.plan(applyTemplate, { ...(await prepare(fleet)), groups: ['vmgroup_1'] })
    const run = await manager.start(plan, { approval: 'required' })
    const { id } = await pending(manager)
    const machine = (await world.admin.machines()).find(({ marker }) => marker?.slot === SLOTS[0])!
    await world.admin.setPower(machine.id, 'off')
    const from = await mark(world)
    await manager.as(SECOND).answer(id, { approve: true })
    expect((await refusal(run.result())).message).toContain('no longer fits')
    expect(await mutationsSince(world, from)).toEqual([])
  })
})

describe('a gate in front of a wave', () => {
  it('is asked when the waves before it are done, and holds the rest back', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const input = await prepare(fleet)
    const waves = [
      { groups: 1 },
      { groups: 1, gate: { kind: 'approval', text: 'Does the canary look well?' } },
    ] as const
    const run = await manager.start(await manager.plan(applyTemplate, { ...input, waves }))
    const request = await pending(manager)
    expect(request.text).toBe('Does the canary look well?')
    const versions = async () => standing(await manager.units.get(UNIT)).map((line) => line.slice(-1))
    expect(await versions()).toEqual(['2', '1', '1', '1'])
    expect(await run.state()).toMatchObject({ state: 'waiting', request: request.id })
    await expectRefused(fleet, 'ERR_APPROVAL_REFUSED', () => manager.answer(request.id, { approve: true }))
    await manager.as(SECOND).answer(request.id, { approve: true, planHash: run.plan.hash })
    await run.result()
    expect(await versions()).toEqual(['2', '2', '2', '1'])
  })

  it('refused, leaves what the canary did and cancels the rest', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const input = await prepare(fleet)
    const waves = [{ groups: 1 }, { groups: 1, gate: { kind: 'approval' } }] as const
    const run = await manager.start(await manager.plan(applyTemplate, { ...input, waves }))
    await manager.as(SECOND).answer((await pending(manager)).id, { approve: false })
    const error = await refusal(run.result())
    expect(error.code).toBe('ERR_CANCELLED')
    expect(error.details['halfDone']).toEqual([])
    expect(standing(await manager.units.get(UNIT)).map((line) => line.slice(-1))).toEqual(['2', '1', '1', '1'])
  })

  it('until a time: nothing begins before it, by the clock of the store', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const input = await prepare(fleet)
    const time = Date.now() + 2_000
    const waves = [{ groups: '100%', gate: { kind: 'until', time } }] as const
    const from = await mark(fleet.world)
    const run = await manager.start(await manager.plan(applyTemplate, { ...input, waves }))
    const state = await run.until('waiting')
    expect(state.waitingFor).toContain(new Date(time).toISOString())
    await run.result()
    const [first] = await mutationsSince(fleet.world, from)
    expect(first?.time).toBeGreaterThanOrEqual(time)
    expect(Object.keys(await documentsOf(fleet.storePath)).filter((key) => key.startsWith('request/'))).toEqual([])
  })
})
