import { describe, expect, it } from 'vitest'
import { createJournalWriter, type JournalWriter } from '../../../src/engine/journal-writer.ts'
import type { Progress } from '../../../src/engine/progress.ts'
import { VmunitError } from '../../../src/errors/index.ts'
import type { Commit, StateStore } from '../../../src/ports/index.ts'
import { openSqliteStore } from '../../../src/sqlite-store/index.ts'
import { until } from '../../support/until.ts'
import { groupNames, progressOf, syntheticPlan } from './support/synthetic-plan.ts'

interface Lab extends AsyncDisposable {
  readonly store: StateStore
  readonly progress: Progress
  readonly writer: JournalWriter
  readonly commits: Commit[]
  readonly rings: () => number
  /** What the next commits do instead, as soon as they may. */
  fail(error: Error | undefined, when?: Promise<void>): void
  records(): Promise<readonly string[]>
}

async function lab(): Promise<Lab> {
  const store = openSqliteStore(':memory:')
  const progress = progressOf(syntheticPlan({ phases: [{ name: 'roll', groups: groupNames(3) }] }))
  await store.commit({ append: [{ run: 'run', seq: 1, type: 'run.created', data: {} }] })
  const lease = await store.acquire('run/run', { owner: 'test', ttlMs: 10_000 })
  const commits: Commit[] = []
  let failure: Error | undefined
  let mayFail: Promise<void> | undefined
  let rings = 0
  const watched = Object.assign(Object.create(store) as StateStore, {
    get: (...given: Parameters<StateStore['get']>) => store.get(...given),
    async commit(batch: Commit) {
      commits.push(batch)
      if (failure !== undefined) {
        await mayFail
        throw failure
      }
      await store.commit(batch)
    },
  })
  const writer = createJournalWriter({ store: watched, lease, progress, now: () => 5, onDurable: () => (rings += 1) })
  return {
    store,
    progress,
    writer,
    commits,
    rings: () => rings,
    fail: (error, when) => {
      failure = error
      mayFail = when
    },
    async records() {
      const types: string[] = []
      for await (const { seq, type } of store.journal('run', 1)) types.push(`${seq} ${type}`)
      return types
    },
    async [Symbol.asyncDispose]() {
      await lease[Symbol.asyncDispose]()
      await store.close()
    },
  }
}

const began = (step: string) => ({ type: 'step.began', data: { step, attempt: 1 } }) as const
const put = (key: string) => ({ key, update: (value: unknown) => Number(value ?? 0) + 1 })

describe('the journal writer', () => {
  it('folds at once and writes later, in the order of what happened', async () => {
    await using it = await lab()
    it.writer.write(began('a'))
    it.writer.write(began('b'))
    expect([...it.progress.steps.keys()]).toEqual(['a', 'b'])
    expect(it.progress.nextSeq).toBe(4)
    await it.writer.durable()
    expect(await it.records()).toEqual(['1 run.created', '2 step.began', '3 step.began'])
    expect(it.commits).toHaveLength(1)
    expect(it.rings()).toBe(1)
  })

  it('puts the documents of a record into its transaction', async () => {
    await using it = await lab()
    it.writer.write(began('a'), [put('x')])
    it.writer.write(began('b'), [put('x'), put('y')])
    await it.writer.durable()
    expect((await it.store.get(['x', 'y'])).map((document) => document?.value)).toEqual([2, 1])
    expect(it.commits).toHaveLength(1)
  })

  it('shares transactions between many that wait at the same time', async () => {
    await using it = await lab()
    const waits = Array.from({ length: 64 }, async (_, index) => {
      it.writer.write(began(`step ${index}`))
      await it.writer.durable()
    })
    await Promise.all(waits)
    expect(it.commits.length).toBeLessThan(5)
    expect(await it.records()).toHaveLength(65)
  })

  it('keeps together those that go on as soon as they may', async () => {
    await using it = await lab()
    const chains = Array.from({ length: 64 }, async (_, chain) => {
      for (let step = 0; step < 20; step += 1) {
        it.writer.write(began(`step ${chain} ${step}`))
        await it.writer.durable()
      }
    })
    await Promise.all(chains)
    expect(it.commits.length).toBeLessThan(25)
    expect(await it.records()).toHaveLength(64 * 20 + 1)
  })

  it('is durable for everybody when it says so, also for what came while it was writing', async () => {
    await using it = await lab()
    it.writer.write(began('a'))
    const first = it.writer.durable()
    it.writer.write(began('b'))
    await it.writer.durable()
    expect(await it.records()).toHaveLength(3)
    await first
  })

  it('writes nothing, and costs nothing, when there is nothing', async () => {
    await using it = await lab()
    await it.writer.durable()
    expect(it.commits).toHaveLength(0)
  })

  it('keeps a failure: nothing is written after it, although the store works again', async () => {
    await using it = await lab()
    it.fail(new VmunitError('ERR_LEASE_LOST', 'gone'))
    it.writer.write(began('a'))
    await expect(it.writer.durable()).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    it.fail(undefined)
    it.writer.write(began('b'))
    await expect(it.writer.durable()).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    expect(await it.records()).toEqual(['1 run.created'])
    expect(it.rings()).toBe(0)
  })

  it('tells a failure to those who wait for the transaction after the one that fails, too', async () => {
    await using it = await lab()
    const { promise: when, resolve: failNow } = Promise.withResolvers<void>()
    it.fail(new VmunitError('ERR_LEASE_LOST', 'gone'), when)
    it.writer.write(began('a'))
    const waits = [it.writer.durable()]
    await until(async () => it.commits.length === 1 || undefined)
    it.writer.write(began('b'))
    waits.push(it.writer.durable())
    failNow()
    const ends = await Promise.allSettled(waits)
    expect(ends).toMatchObject(waits.map(() => ({ status: 'rejected', reason: { code: 'ERR_LEASE_LOST' } })))
    expect(it.commits).toHaveLength(1)
  })
})
