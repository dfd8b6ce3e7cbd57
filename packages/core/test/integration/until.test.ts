import { type Run, type RunState, type StateStore, stop } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, QUICK, storyGroups } from '../support/fleet.ts'
import { refusal } from '../support/refusal.ts'
import { UNIT } from '../support/story.ts'
import { until } from '../support/until.ts'

const SECOND = { name: 'user_b', role: 'administrator' } as const
/** Slow enough that the run has not ended when it is watched. */
const SLOW = { latencyMs: { power: 200 } }

async function withFleet(work: (fleet: Fleet) => Promise<void>, options: Parameters<typeof createFleet>[0] = {}) {
  await using fleet = await createFleet(options)
  await fleet.build(UNIT, storyGroups())
  await work(fleet)
}

async function startStop({ manager }: Fleet, approval?: 'required'): Promise<Run> {
  return await manager.start(await manager.plan(stop, { unit: UNIT }), { approval })
}

describe('run.until', () => {
  it('resolves to the status of a run that waits for a person, in this manager and in another one', async () => {
    await withFleet(async (fleet) => {
      const run = await startStop(fleet, 'required')
      const elsewhere = await fleet.another().run(run.id)
      const [here, there] = await Promise.all([run.until('waiting'), elsewhere.until('waiting')])
      const [request] = await fleet.manager.requests.list()
      // Asked again of one that waits already.
      for (const status of [here, there, await run.until('waiting', { timeoutMs: 0 })]) {
        expect(status).toMatchObject({ state: 'waiting', request: request?.id })
        expect(status.waitingFor).toContain('an answer to')
      }
    })
  })

  it('a run that waits may be resumed from elsewhere as soon as that is told', async () => {
    await withFleet(async (fleet) => {
      const back = Promise.withResolvers<void>()
      await using store = openSqliteStore(fleet.storePath)
      const slow: StateStore = {
        ...store,
        async acquire(key, options) {
          const lease = await store.acquire(key, options)
          const giveBack = async (): Promise<void> => {
            await back.promise
            await lease[Symbol.asyncDispose]()
          }
          return { ...lease, [Symbol.asyncDispose]: giveBack }
        },
      }
      await using manager = fleet.another({ store: slow, timing: { ...QUICK, pollMs: 60_000 } })
      const run = await manager.start(await manager.plan(stop, { unit: UNIT }), { approval: 'required' })
      const told = run.until('waiting')
      const elsewhere = fleet.another()
      await until(async () => (await run.state()).state === 'waiting' || undefined)
      expect((await refusal(elsewhere.resume(run.id))).code).toBe('ERR_LOCKED')
      back.resolve()
      expect(await told).toMatchObject({ state: 'waiting', owner: undefined })
      expect(await elsewhere.resume(run.id)).toHaveLength(1)
      await run.cancel('enough')
    })
  }, 20_000)

  it('a wait that is over does not count: the end of the run is told', async () => {
    await withFleet(async (fleet) => {
      const { manager } = fleet
      const run = await startStop(fleet, 'required')
      const { request = '' } = await run.until('waiting')
      const ended = run.until('succeeded')
      await manager.as(SECOND).answer(request, { approve: true, planHash: run.plan.hash })
      expect((await ended).state).toBe('succeeded')
      await run.result()
      const error = await refusal(run.until('waiting'))
      expect(error.code).toBe('ERR_WRONG_STATE')
      expect(error.details).toEqual({ runId: run.id, state: 'succeeded' })
    })
  })

  it('a run that is refused while it is watched will not be what was waited for', async () => {
    await withFleet(async (fleet) => {
      const run = await startStop(fleet, 'required')
      const { request = '' } = await run.until('waiting')
      const watches = [run, await fleet.another().run(run.id)].map(async (one) => await refusal(one.until('paused')))
      await fleet.manager.as(SECOND).answer(request, { approve: false, planHash: run.plan.hash })
      for (const { code, details } of await Promise.all(watches)) {
        expect(code).toBe('ERR_WRONG_STATE')
        expect(details).toEqual({ runId: run.id, state: 'cancelled' })
      }
    })
  })

  it('a run that ends without a wait rejects here and there, and its result is as good as ever', async () => {
    await withFleet(async (fleet) => {
      const run = await startStop(fleet)
      const watches = [run, await fleet.another().run(run.id)].map(async (one) => await refusal(one.until('waiting')))
      for (const { code, message } of await Promise.all(watches)) {
        expect(code).toBe('ERR_WRONG_STATE')
        expect(message).toContain(run.id)
      }
      await run.result()
    }, SLOW)
  })

  it('a pause is seen from everywhere; in the process that moved the run, other waits end with it', async () => {
    await withFleet(async (fleet) => {
      const run = await startStop(fleet)
      const elsewhere = await fleet.another().run(run.id)
      const stopped = [run, elsewhere].map(async (one) => (await one.until('paused')).state)
      const refused = refusal(run.until('waiting'))
      await run.pause()
      expect(await Promise.all(stopped)).toEqual(['paused', 'paused'] satisfies readonly RunState[])
      expect((await refused).code).toBe('ERR_PAUSED')
    }, SLOW)
  })

  it('says in time that it waited in vain, and breaks off when told to; the run is left alone', async () => {
    await withFleet(async (fleet) => {
      const run = await startStop(fleet, 'required')
      await run.until('waiting')
      const error = await refusal(run.until('running', { timeoutMs: 20 }))
      expect(error.code).toBe('ERR_TIMEOUT')
      expect(error.message).toContain('an answer to')
      const reason = new Error('enough')
      const breaker = new AbortController()
      const broken = run.until('running', { signal: breaker.signal })
      breaker.abort(reason)
      await expect(broken).rejects.toBe(reason)
      expect((await run.state()).state).toBe('waiting')
      await run.cancel('enough')
    })
  })
})
