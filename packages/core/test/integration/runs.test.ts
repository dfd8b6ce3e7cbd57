import { setTimeout } from 'node:timers/promises'
import { applyTemplate, type Call, type Manager, type Run, type RunEvent, start, stop } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { documentsOf, expectRefused, refusal } from '../support/refusal.ts'
import { machinesOf, SLOTS, standing, UNIT, upgrade } from '../support/story.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

async function prepare(fleet: Fleet) {
  await fleet.build(UNIT, storyGroups())
  return { unit: UNIT, template: await upgrade(fleet), allowOutage: true }
}

/** Slow enough that something can happen in the middle. */
const SLOW = { latencyMs: { create: 100, power: 20 } }

/** Resolves when the run has come to a record of this type. */
async function comesTo(run: Run, type: string, data: object = {}): Promise<void> {
  for await (const record of run.events()) {
    if (record.type !== type) continue
    if (Object.entries(data).every(([key, value]) => String(Reflect.get(Object(record.data), key)).includes(value)))
      return
  }
  throw new Error(`the run ended without ${type}`)
}

async function collect(events: AsyncIterable<RunEvent>): Promise<readonly RunEvent[]> {
  const records: RunEvent[] = []
  for await (const record of events) records.push(record)
  return records
}

async function expectRolled(fleet: Fleet): Promise<void> {
  expect(standing(await fleet.manager.units.get(UNIT))).toEqual([
    'vmgroup_1/combined/0 working in 2',
    'vmgroup_2/combined/0 working in 2',
    'vmgroup_3/web/0 working in 2',
    'vmgroup_3/app/0 working none 1',
  ])
  const machines = await fleet.world.admin.machines()
  expect(machines).toHaveLength(4)
  expect(machines.every(({ serving }) => serving)).toBe(true)
}

describe('claims', () => {
  it('a run keeps others off its groups until it ends, and names itself', async () => {
    await using fleet = await createFleet(SLOW)
    const { manager } = fleet
    const plan = await manager.plan(applyTemplate, await prepare(fleet))
    const second = await manager.plan(stop, { unit: UNIT, groups: ['vmgroup_3'] })
    const run = await manager.start(plan)
    const error = await refusal(fleet.another().start(second))
    expect(error.code).toBe('ERR_CLAIMED')
    expect(error.details).toMatchObject({ runId: run.id, operation: 'applyTemplate', state: 'running' })
    expect(error.message).toContain(run.id)
    await run.result()
    await manager.execute(stop, { unit: UNIT, groups: ['vmgroup_3'] })
  })

  it('disjoint groups are worked on side by side', async () => {
    await using fleet = await createFleet(SLOW)
    const { manager } = fleet
    const input = await prepare(fleet)
    const plans = [
      await manager.plan(applyTemplate, { ...input, groups: ['vmgroup_1'] }),
      await manager.plan(applyTemplate, { ...input, groups: ['vmgroup_2'] }),
    ]
    const runs = await Promise.all([manager.start(plans[0]!), fleet.another().start(plans[1]!)])
    await Promise.all(runs.map((run) => run.result()))
    const spans = await Promise.all(runs.map(async (run) => (await collect(run.events())).map(({ time }) => time)))
    const [a, b] = spans.map((times) => ({ begin: Math.min(...times), end: Math.max(...times) }))
    expect(a!.begin).toBeLessThan(b!.end)
    expect(b!.begin).toBeLessThan(a!.end)
  })

  it('two starts of one plan at once: one runs', async () => {
    await using fleet = await createFleet()
    const plan = await fleet.manager.plan(applyTemplate, await prepare(fleet))
    const other = fleet.another()
    const started = await Promise.allSettled([fleet.manager.start(plan), other.start(plan), fleet.manager.start(plan)])
    const runs = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    expect(runs).toHaveLength(1)
    const [run] = runs
    await run!.result()
    await expectRolled(fleet)
  })
})

describe('pause and resume', () => {
  const ways: readonly (readonly [string, (fleet: Fleet, run: Run, stopper: AbortController) => Promise<void>])[] = [
    ['run.pause()', async (_fleet, run) => await run.pause()],
    ['an aborted signal', async (_fleet, _run, stopper) => stopper.abort()],
    ['run.pause() from another manager', async (fleet, run) => await (await fleet.another().run(run.id)).pause()],
  ]
  it.each(ways)('%s stops the run at a safe point; resumed it comes to the same end', async (_way, pause) => {
    await using fleet = await createFleet(SLOW)
    const { manager, world } = fleet
    const plan = await manager.plan(applyTemplate, await prepare(fleet))
    const stopper = new AbortController()
    const run = await manager.start(plan, { signal: stopper.signal })
    await comesTo(run, 'step.began', { step: 'vmgroup_1/combined/0/create' })
    const ended = refusal(run.result())
    await pause(fleet, run, stopper)
    expect((await ended).code).toBe('ERR_PAUSED')
    expect((await run.state()).state).toBe('paused')
    const from = await mark(world)
    const other = await refusal(manager.execute(stop, { unit: UNIT }))
    expect(other.details, 'a paused run keeps its claims').toMatchObject({ runId: run.id, state: 'paused' })
    expect(await mutationsSince(world, from)).toEqual([])
    const [resumed] = await manager.resume()
    expect(resumed?.id).toBe(run.id)
    const { outcomes } = (await resumed!.result()) as { outcomes: { status: string }[] }
    expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('changed'))
    await expectRolled(fleet)
    const creations = (await world.admin.log()).filter((e) => e.type === 'call' && e.call === 'hypervisor.create')
    expect(creations.filter((e) => e.type === 'call' && e.operationId?.startsWith(run.id))).toHaveLength(3)
  })

  it('leaves nothing behind that waits, once the manager is closed and its result has told of the pause', async () => {
    await using fleet = await createFleet(SLOW)
    const input = await prepare(fleet)
    let sleeping = 0
    const clock = {
      now: Date.now,
      async sleep(ms: number, { signal }: Call = {}) {
        sleeping += 1
        await setTimeout(ms, undefined, { signal }).finally(() => (sleeping -= 1))
      },
    }
    const manager = fleet.another({ clock })
    const run = await manager.start(await manager.plan(applyTemplate, input))
    const ended = refusal(run.result())
    await comesTo(run, 'change.began')
    await manager.close()
    expect((await ended).code).toBe('ERR_PAUSED')
    expect(sleeping).toBe(0)
  })

  it('a run that soaks can be paused: nothing goes on by itself', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const waves = [{ groups: 1, soakMs: 300 }]
    const run = await manager.start(await manager.plan(applyTemplate, { ...(await prepare(fleet)), waves }))
    await comesTo(run, 'change.done')
    await run.pause()
    expect((await run.state()).state).toBe('paused')
    const [resumed] = await manager.resume()
    await resumed?.result()
    await expectRolled(fleet)
  })

  it('a run that soaks is waiting, without a lease, and goes on by itself', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const waves = [{ groups: 1, soakMs: 200 }]
    const run = await manager.start(await manager.plan(applyTemplate, { ...(await prepare(fleet)), waves }))
    expect((await run.until('waiting')).waitingFor).toContain('soak')
    await run.result()
    await expectRolled(fleet)
  })

  it('close() pauses; another manager resumes', async () => {
    await using fleet = await createFleet(SLOW)
    const input = await prepare(fleet)
    const first = fleet.another()
    const run = await first.start(await first.plan(applyTemplate, input))
    await comesTo(run, 'step.began', { step: 'vmgroup_1/combined/0/create' })
    const ended = refusal(run.result())
    await first.close()
    expect((await ended).code).toBe('ERR_PAUSED')
    expect((await refusal(first.plan(stop, { unit: UNIT }))).code).toBe('ERR_CLOSED')
    const seen = await fleet.manager.run(run.id)
    expect((await seen.state()).state).toBe('paused')
    const [resumed] = await fleet.manager.resume(run.id)
    await resumed!.result()
    await expectRolled(fleet)
  })

  it('a run that has ended cannot be resumed, paused or cancelled any more', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const plan = await manager.plan(stop, { unit: (await prepare(fleet)).unit })
    const run = await manager.start(plan)
    await run.result()
    const error = await expectRefused(fleet, 'ERR_WRONG_STATE', () => manager.resume(run.id))
    expect(error.message).toContain('succeeded')
    expect(await manager.resume()).toEqual([])
    await run.pause()
    await run.cancel('too late')
    expect((await run.state()).state).toBe('succeeded')
    expect((await run.result()).outcomes).toHaveLength(4)
  })
})

describe('cancel', () => {
  it.each(['here', 'from another manager'])(
    '%s names the servers left half done and gives the claims back',
    async (where) => {
      await using fleet = await createFleet(SLOW)
      const { manager } = fleet
      const plan = await manager.plan(applyTemplate, await prepare(fleet))
      const run = await manager.start(plan)
      await comesTo(run, 'step.began', { step: 'vmgroup_2/combined/0/create' })
      const ended = refusal(run.result())
      const handle = where === 'here' ? run : await fleet.another().run(run.id)
      await handle.cancel('wrong window')
      const error = await ended
      expect(error.code).toBe('ERR_CANCELLED')
      expect(error.message).toContain('wrong window')
      expect(error.message).toContain(SLOTS[1])
      expect(error.details).toMatchObject({
        halfDone: [SLOTS[1]],
        outcomes: [
          { server: SLOTS[0], status: 'changed' },
          { server: SLOTS[1], status: 'failed' },
          { server: SLOTS[2], status: 'notStarted' },
          { server: SLOTS[3], status: 'notStarted' },
        ],
      })
      expect((await refusal(handle.result())).code).toBe('ERR_CANCELLED')
      expect((await run.state()).state).toBe('cancelled')
      expect((await machinesOf(fleet)).get(SLOTS[0])).toHaveLength(1)
      await manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1', 'vmgroup_3'] })
    },
  )

  it('ends a paused run too', async () => {
    await using fleet = await createFleet(SLOW)
    const { manager } = fleet
    const run = await manager.start(await manager.plan(applyTemplate, await prepare(fleet)))
    await comesTo(run, 'step.began', { step: 'vmgroup_1/combined/0/create' })
    await run.pause()
    const from = await mark(fleet.world)
    await (await fleet.another().run(run.id)).cancel('not today')
    expect((await run.state()).state).toBe('cancelled')
    expect(await mutationsSince(fleet.world, from)).toEqual([])
    await manager.plan(start, { unit: UNIT, groups: ['vmgroup_2'] })
  })
})

describe('result and events', () => {
  it('result() may be asked many times, by everybody, and ignored without harm', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    await prepare(fleet)
    const run = await manager.start(await manager.plan(stop, { unit: UNIT }))
    const results = await Promise.all([run.result(), run.result(), (await fleet.another().run(run.id)).result()])
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
    expect(await (await fleet.another().run(run.id)).result()).toEqual(results[0])
    expect('then' in run).toBe(false)
  })

  it('an aborted wait for the result leaves the run alone', async () => {
    await using fleet = await createFleet(SLOW)
    const { manager } = fleet
    const run = await manager.start(await manager.plan(applyTemplate, await prepare(fleet)))
    const waiting = new AbortController()
    const wait = run.result({ signal: waiting.signal })
    waiting.abort(new Error('no patience'))
    await expect(wait).rejects.toThrow('no patience')
    expect((await run.state()).state).toBe('running')
    await run.result()
    await expectRolled(fleet)
  })

  it('late readers get every record, from any place, in order and without gaps', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    const run = await manager.start(await manager.plan(applyTemplate, await prepare(fleet)))
    const live = await collect(run.events())
    expect(live.map(({ seq }) => seq)).toEqual(live.map((_, index) => index + 1))
    expect(live[0]?.type).toBe('run.created')
    expect(live.at(-1)?.type).toBe('run.succeeded')
    const late = await fleet.another().run(run.id)
    expect(await collect(late.events())).toEqual(live)
    expect(await collect(late.events({ follow: false }))).toEqual(live)
    expect(await collect(late.events({ from: 5 }))).toEqual(live.slice(4))
    expect(await collect(late.events({ from: live.length }))).toEqual(live.slice(-1))
  })

  it('a reader that has seen everything is told that nothing follows', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const run = await fleet.manager.start(await fleet.manager.plan(stop, { unit: UNIT }))
    await run.result()
    const { length } = await collect(run.events())
    expect(await collect(run.events({ from: length + 1, follow: false }))).toEqual([])
    expect(await collect(run.events({ from: length + 1, signal: AbortSignal.timeout(2_000) }))).toEqual([])
  })

  it('follow: false ends at the last record of a run that goes on', async () => {
    await using fleet = await createFleet(SLOW)
    const { manager } = fleet
    const run = await manager.start(await manager.plan(applyTemplate, await prepare(fleet)))
    await comesTo(run, 'step.began', { step: 'vmgroup_1/combined/0/create' })
    const now = await collect(run.events({ follow: false }))
    expect(now.length).toBeGreaterThan(3)
    expect(now.at(-1)?.type).not.toBe('run.succeeded')
    const seen = await collect((await fleet.another().run(run.id)).events())
    expect(seen.slice(0, now.length)).toEqual(now)
    await run.result()
  })

  it('a follower can be aborted', async () => {
    await using fleet = await createFleet(SLOW)
    const { manager } = fleet
    const run = await manager.start(await manager.plan(applyTemplate, await prepare(fleet)))
    const stopper = new AbortController()
    const following = collect(run.events({ signal: stopper.signal }))
    await comesTo(run, 'step.began')
    stopper.abort(new Error('enough'))
    await expect(following).rejects.toThrow('enough')
    await run.result()
  })

  it('execute is plan, start and result in one', async () => {
    await using fleet = await createFleet()
    await prepare(fleet)
    const { runId, outcomes } = await fleet.manager.execute(stop, { unit: UNIT })
    expect(outcomes).toHaveLength(4)
    expect(await (await fleet.manager.run(runId)).result()).toMatchObject({ runId, outcomes })
  })

  it('waitMs waits for the end, but not longer', async () => {
    await using fleet = await createFleet({ latencyMs: { create: 1_000 } })
    const { manager } = fleet
    const input = await prepare(fleet)
    const quick = await manager.start(await manager.plan(stop, { unit: UNIT, groups: ['vmgroup_1'] }), {
      waitMs: 20_000,
    })
    expect((await quick.state()).state).toBe('succeeded')
    const slow = await manager.start(await manager.plan(applyTemplate, { ...input, groups: ['vmgroup_2'] }), {
      waitMs: 50,
    })
    expect((await slow.state()).state).toBe('running')
    await slow.result()
  })
})

describe('finding runs', () => {
  it('an unknown run id is refused everywhere', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    for (const id of ['2026-01-01-stop-00000000', '../secret', 'run/x']) {
      const error = await expectRefused(fleet, 'ERR_NOT_FOUND', () => manager.run(id))
      expect(error.details['run'] ?? error.details['runId'] ?? id).toBe(id)
      await expectRefused(fleet, 'ERR_NOT_FOUND', () => manager.resume(id))
    }
  })

  async function list(from: Manager, filter: Parameters<Manager['runs']>[0] = {}): Promise<readonly string[]> {
    const ids: string[] = []
    for await (const { id } of from.runs(filter)) ids.push(id)
    return ids
  }

  it('runs() lists every run, by state and by unit', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    await prepare(fleet)
    const done = await manager.execute(stop, { unit: UNIT })
    const again = await manager.execute(stop, { unit: UNIT })
    const all = await list(manager)
    const heads = Object.keys(await documentsOf(fleet.storePath)).filter((key) => key.startsWith('run/'))
    expect(all).toHaveLength(heads.length)
    expect(await list(manager, { states: ['failed', 'running'] })).toEqual([])
    expect(await list(manager, { states: ['succeeded'] })).toEqual(all)
    expect(await list(manager, { unit: 'gyoumu_b' })).toEqual([])
    const ofUnit = await list(manager, { unit: UNIT })
    expect(ofUnit).toContain(done.runId)
    expect(ofUnit, 'a run that had nothing to do, too').toContain(again.runId)
    expect(ofUnit.some((id) => id.includes('patchTemplate'))).toBe(false)
  })

  it('runs() lists oldest first', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    await prepare(fleet)
    await manager.execute(stop, { unit: UNIT })
    const created = await Promise.all(
      (await list(manager)).map(
        async (id) => (await collect((await manager.run(id)).events({ follow: false })))[0]?.time,
      ),
    )
    expect(created.length).toBeGreaterThan(4)
    expect(created).toEqual(created.toSorted((a, b) => (a ?? 0) - (b ?? 0)))
  })

  it('shows nobody the runs of units that are not theirs', async () => {
    await using fleet = await createFleet()
    const { manager } = fleet
    await prepare(fleet)
    const done = await manager.execute(stop, { unit: UNIT })
    const nothingToDo = await manager.execute(stop, { unit: UNIT })
    const stranger = manager.as({ name: 'user_b', role: 'builder' })
    await expectRefused(fleet, 'ERR_NOT_FOUND', () => stranger.run(done.runId))
    expect((await list(stranger)).filter((id) => !id.includes('patchTemplate'))).toEqual([])
    await expectRefused(fleet, 'ERR_NOT_FOUND', () => stranger.run(nothingToDo.runId))
    const administrator = manager.as({ name: 'user_c', role: 'administrator' })
    expect(await list(administrator)).toEqual(await list(manager))
  })
})
