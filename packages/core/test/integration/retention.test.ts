import { applyTemplate, isVmunitError, type Run, start, stop } from '@vmunit/core'
import { checkSqliteStore, openSqliteStore } from '@vmunit/core/sqlite-store'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { refusal } from '../support/refusal.ts'
import { breakVersion, UNIT, upgrade } from '../support/story.ts'

const ADMINISTRATOR = { name: 'admin', role: 'administrator' } as const

/** How a run looks from outside: everything that must outlive its journal. */
async function looksOf(run: Run): Promise<unknown> {
  const result = await run.result().catch((error: unknown) => {
    if (!isVmunitError(error)) throw error
    return { code: error.code, message: error.message, details: error.details }
  })
  return JSON.parse(JSON.stringify({ id: run.id, state: (await run.state()).state, plan: run.plan, result }))
}

async function allLooks(fleet: Fleet): Promise<readonly unknown[]> {
  const looks: unknown[] = []
  for await (const run of fleet.manager.as(ADMINISTRATOR).runs()) looks.push(await looksOf(run))
  return looks
}

/** Runs that succeeded and one that failed and went back. */
async function live(fleet: Fleet): Promise<void> {
  const { manager } = fleet
  await fleet.build(UNIT, storyGroups())
  const good = await upgrade(fleet)
  await manager.execute(applyTemplate, { unit: UNIT, template: good, allowOutage: true })
  const bad = await breakVersion(fleet)
  const error = await refusal(manager.execute(applyTemplate, { unit: UNIT, template: bad, allowOutage: true }))
  expect(error.code).toBe('ERR_RUN_FAILED')
}

describe('Old runs', () => {
  it('are compacted without losing plan, outcomes, result and who did it; the fleet goes on as before', async () => {
    await using fleet = await createFleet()
    await live(fleet)
    const before = await allLooks(fleet)
    const admin = fleet.manager.as(ADMINISTRATOR)
    const compacted = await admin.compact({ keepMs: 0 })
    expect(compacted.length).toBe(before.length)
    expect(await allLooks(fleet)).toEqual(before)
    expect(await admin.compact({ keepMs: 0 })).toEqual([])
    for await (const run of admin.runs()) {
      expect(await Array.fromAsync(run.events())).toEqual([])
      expect((await refusal(admin.resume(run.id))).code).toBe('ERR_WRONG_STATE')
    }
    // What they made is still known: nothing of it is a trace of lost records.
    await fleet.another().execute(stop, { unit: UNIT })
    expect(checkSqliteStore(fleet.storePath)).toEqual([])
  })

  it('are explained without what was done when', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const run = await fleet.manager.start(await fleet.manager.plan(stop, { unit: UNIT }))
    await run.result()
    const [server = ''] = run.plan.servers.map((planned) => planned.server)
    const before = await fleet.manager.explain(run.id, server)
    await fleet.manager.as(ADMINISTRATOR).compact({ keepMs: 0 })
    const { sentences } = await fleet.manager.explain(run.id, server)
    expect(sentences[0]).toBe(before.sentences[0])
    expect(sentences[1]).toBe('What was done when is not kept any more: the run was compacted.')
    expect(sentences.at(-1)).toBe(before.sentences.at(-1))
  })

  it('keep their journals while they are young, are among the newest, or are not over', async () => {
    await using fleet = await createFleet({ latencyMs: { power: 50 } })
    await fleet.build(UNIT, storyGroups())
    const { manager } = fleet
    const admin = manager.as(ADMINISTRATOR)
    const run = await manager.start(await manager.plan(stop, { unit: UNIT }))
    await run.pause()
    const ended = (await Array.fromAsync(admin.runs({ states: ['succeeded'] }))).map(({ id }) => id)
    expect(await admin.compact({ keepMs: 3_600_000 })).toEqual([])
    expect(await admin.compact({ keepMs: 0, keepLast: ended.length })).toEqual([])
    expect(await admin.compact({ keepMs: 0, keepLast: 1 })).toEqual(ended.slice(0, -1))
    expect(await admin.compact({ keepMs: 0 })).toEqual(ended.slice(-1))
    const [resumed] = await manager.resume(run.id)
    await resumed?.result()
    expect((await Array.fromAsync(run.events())).length).toBeGreaterThan(0)
  })

  it('are compacted one by one: stopped at any commit, nothing is half done and the rest follows later', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.manager.execute(stop, { unit: UNIT })
    await fleet.manager.execute(start, { unit: UNIT })
    const before = await allLooks(fleet)
    const seen: string[] = []
    for (;;) {
      // A store that fails at the second commit of a compaction, as when its process dies there.
      const good = openSqliteStore(fleet.storePath)
      let commits = 0
      const admin = fleet.another({
        store: {
          ...good,
          commit: async (batch, call) => {
            if ((batch.forget ?? []).length > 0) commits += 1
            if (commits > 1) throw new Error('the process ends')
            await good.commit(batch, call)
          },
        },
        principal: ADMINISTRATOR,
      })
      const done = await admin.compact({ keepMs: 0 }).catch(() => undefined)
      await admin.close()
      await good.close()
      expect(await allLooks(fleet)).toEqual(before)
      if (done !== undefined) break
      seen.push('stopped')
    }
    expect(seen.length).toBe(before.length - 1)
    expect(checkSqliteStore(fleet.storePath)).toEqual([])
  })

  it('are compacted by an administrator only, under a policy that makes sense', async () => {
    await using fleet = await createFleet()
    expect((await refusal(fleet.manager.compact({ keepMs: 0 }))).code).toBe('ERR_PERMISSION_DENIED')
    const admin = fleet.manager.as(ADMINISTRATOR)
    expect((await refusal(admin.compact({ keepMs: -1 }))).code).toBe('ERR_INVALID_INPUT')
    await expect(admin.compact({ keepMs: 0 }, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
  })
})
