import { defineOperation, type Manager, type Operation, type PendingRequest, procedure, steps } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { virtualClock } from '@vmunit/core/testing'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { documentsOf, expectRefused, refusal } from '../support/refusal.ts'
import { UNIT } from '../support/story.ts'
import { until } from '../support/until.ts'

interface AskInput {
  readonly groups: readonly string[]
  readonly ask: 'approval' | 'work' | 'resources'
  readonly until?: number | undefined
}

/** Asks about each group for itself, and afterwards switches nothing: the machines of the story are on already. */
const askAbout: Operation<AskInput, readonly unknown[]> = defineOperation({
  name: 'askAbout',
  version: 1,
  input: z.strictObject({
    groups: z.array(z.string()),
    ask: z.enum(['approval', 'work', 'resources']),
    until: z.number().optional(),
  }),
  scope: () => ({ unit: UNIT }),
  kinds: [steps.awaitAnswer],
  plan: ({ groups, ask, until: last }) => ({
    claims: groups.map((group) => `unit/${UNIT}/${group}`),
    servers: [],
    phases: procedure.rolling(
      'ask',
      groups.map((group) => ({
        change: { group, action: 'patch', reason: 'asked', disturbs: false, expects: [] },
        stages: [
          {
            name: 'ask',
            lanes: [
              [
                procedure.draft(steps.awaitAnswer, {
                  id: `${group}/ask`,
                  input: { text: `Is ${group} patched?`, ask, ...(last !== undefined && { until: last }) },
                }),
              ],
            ],
          },
        ],
        back: [],
      })),
      [{ groups: '100%', maxFailures: '100%' }],
    ),
  }),
  result: ({ phases }, { outputOf }) =>
    phases.flatMap(({ changes }) => changes.map(({ group }) => outputOf(`${group}/ask`))),
})

async function prepare(options: Parameters<typeof createFleet>[0] = {}): Promise<Fleet> {
  const fleet = await createFleet({ ...options, operations: [askAbout as Operation] })
  await fleet.build(UNIT, storyGroups())
  return fleet
}

async function pending(manager: Manager, count: number): Promise<readonly PendingRequest[]> {
  return await until(async () => {
    const requests = await manager.requests.list()
    return requests.length === count ? requests : undefined
  })
}

async function waiting(run: Awaited<ReturnType<Manager['start']>>, requests: number): Promise<void> {
  await until(async () => {
    const { state, requests: asked } = await run.state()
    return state === 'waiting' && asked?.length === requests ? true : undefined
  })
}

async function hasHolder(fleet: Fleet, run: string): Promise<boolean> {
  await using store = openSqliteStore(fleet.storePath)
  return (await store.holder(`run/${run}`)) !== undefined
}

describe('a step that asks people', () => {
  it('waits without a lease; who asked says that the work is done', async () => {
    await using fleet = await prepare()
    const { manager } = fleet
    const run = await manager.start(await manager.plan(askAbout, { groups: ['vmgroup_1'], ask: 'work' }))
    await waiting(run, 1)
    await until(async () => ((await hasHolder(fleet, run.id)) ? undefined : true))
    const [request] = await manager.requests.list()
    expect(request).toMatchObject({
      id: `${run.id}/vmgroup_1/ask#1`,
      run: run.id,
      gate: 'vmgroup_1/ask',
      kind: 'work',
      text: 'Is vmgroup_1 patched?',
      planHash: run.plan.hash,
      requestedBy: 'user_a',
    })
    await manager.answer(request?.id ?? '', { approve: true, note: 'kernel 5.14' })
    expect(await run.result()).toEqual([{ by: 'user_a', note: 'kernel 5.14' }])
    expect(await manager.requests.list()).toEqual([])
  })

  it('two groups ask side by side; each goes on with its own answer', async () => {
    await using fleet = await prepare()
    const { manager } = fleet
    const groups = ['vmgroup_1', 'vmgroup_2']
    const run = await manager.start(await manager.plan(askAbout, { groups, ask: 'work' }))
    const [first, second] = await pending(manager, 2)
    await waiting(run, 2)
    await manager.answer(second?.id ?? '', { approve: true })
    await waiting(run, 1)
    expect((await run.state()).request).toBe(first?.id)
    const types: string[] = []
    for await (const event of run.events({ follow: false })) {
      if (event.type === 'change.done') types.push(event.data.change)
    }
    expect(types).toEqual(['forward:0:vmgroup_2'])
    await manager.answer(first?.id ?? '', { approve: true })
    expect(await run.result()).toEqual([{ by: 'user_a' }, { by: 'user_a' }])
  })

  it('answered while no process watches, it goes on in another process', async () => {
    await using fleet = await prepare()
    const first = fleet.another({ operations: [askAbout as Operation] })
    const run = await first.start(await first.plan(askAbout, { groups: ['vmgroup_1'], ask: 'work' }))
    await waiting(run, 1)
    await first.close()
    expect(await fleet.manager.resume(), 'not due yet').toEqual([])
    const [request] = await fleet.manager.requests.list()
    await fleet.manager.answer(request?.id ?? '', { approve: true })
    const [resumed] = await fleet.manager.resume()
    expect(resumed?.id).toBe(run.id)
    expect(await resumed?.result()).toEqual([{ by: 'user_a' }])
  })

  it('waits for weeks', async () => {
    const clock = virtualClock({ start: Date.UTC(2026, 0, 5) })
    await using fleet = await prepare()
    const manager = fleet.another({ operations: [askAbout as Operation], clock, timing: { pollMs: 3_600_000 } })
    const run = await manager.start(await manager.plan(askAbout, { groups: ['vmgroup_1'], ask: 'work' }))
    await waiting(run, 1)
    await until(async () => (clock.now() > Date.UTC(2026, 1, 5) ? true : undefined))
    expect((await run.state()).state).toBe('waiting')
    const [request] = await manager.requests.list()
    await manager.answer(request?.id ?? '', { approve: true })
    expect(await run.result()).toEqual([{ by: 'user_a' }])
  })

  it('declined, the step fails and says by whom and why', async () => {
    await using fleet = await prepare()
    const { manager } = fleet
    const run = await manager.start(await manager.plan(askAbout, { groups: ['vmgroup_1'], ask: 'resources' }))
    const [request] = await pending(manager, 1)
    const resources = manager.as({ name: 'user_r', role: 'resourceManager' })
    await resources.answer(request?.id ?? '', { approve: false, note: 'no capacity' })
    const error = await refusal(run.result())
    expect(error.code).toBe('ERR_RUN_FAILED')
    const failed = (await Array.fromAsync(run.events({ follow: false }))).find(({ type }) => type === 'step.failed')
    expect(failed?.data).toMatchObject({
      error: { code: 'ERR_DECLINED', details: { by: 'user_r', note: 'no capacity' } },
    })
  })

  it('nobody in time, the step fails and the request is withdrawn', async () => {
    await using fleet = await prepare()
    const { manager } = fleet
    const last = Date.now() + 2_000
    const run = await manager.start(await manager.plan(askAbout, { groups: ['vmgroup_1'], ask: 'work', until: last }))
    const [request] = await pending(manager, 1)
    expect(request?.until).toBe(last)
    await refusal(run.result())
    const failed = (await Array.fromAsync(run.events({ follow: false }))).find(({ type }) => type === 'step.failed')
    expect(failed?.data).toMatchObject({ error: { code: 'ERR_TIMEOUT' } })
    expect(await manager.requests.list()).toEqual([])
    await expectRefused(fleet, 'ERR_CONFLICT', () => manager.answer(request?.id ?? '', { approve: true }))
    const documents = await documentsOf(fleet.storePath)
    expect(documents[`request/${request?.id}`]).toMatchObject({
      value: { withdrawn: expect.stringContaining('Nobody answered') },
    })
  })

  it('an approval inside a change needs a second person all the same', async () => {
    await using fleet = await prepare()
    const { manager } = fleet
    const run = await manager.start(await manager.plan(askAbout, { groups: ['vmgroup_1'], ask: 'approval' }))
    const [request] = await pending(manager, 1)
    await waiting(run, 1)
    await until(async () => ((await hasHolder(fleet, run.id)) ? undefined : true))
    const id = request?.id ?? ''
    await expectRefused(fleet, 'ERR_APPROVAL_REFUSED', () => manager.answer(id, { approve: true }))
    await manager.as({ name: 'user_b', role: 'administrator' }).answer(id, { approve: true })
    expect(await run.result()).toEqual([{ by: 'user_b' }])
  })

  it('cancelled meanwhile, nobody is asked any more', async () => {
    await using fleet = await prepare()
    const { manager } = fleet
    const run = await manager.start(await manager.plan(askAbout, { groups: ['vmgroup_1'], ask: 'work' }))
    const [request] = await pending(manager, 1)
    await waiting(run, 1)
    await run.cancel('not needed')
    expect(await manager.requests.list()).toEqual([])
    await expectRefused(fleet, 'ERR_CONFLICT', () => manager.answer(request?.id ?? '', { approve: true }))
  })
})
