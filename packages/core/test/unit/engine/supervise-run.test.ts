import { describe, expect, it } from 'vitest'
import { keys } from '../../../src/engine/documents.ts'
import { VmunitError } from '../../../src/errors/index.ts'
import type { StateStore } from '../../../src/ports/index.ts'
import { until } from '../../support/until.ts'
import { type EngineLab, engineWith, kindOf, principal } from './support/engine-lab.ts'
import { syntheticPlan } from './support/synthetic-plan.ts'

const ONE_GROUP = { phases: [{ name: 'roll', groups: ['g1'] }] }

/** A step that has begun when `acting` resolves, and ends when it is let go. */
function heldStep() {
  const acting = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const kind = kindOf(async () => {
    acting.resolve()
    await go.promise
    return {}
  })
  return { kind, acting: acting.promise, letGo: go.resolve }
}

async function startOne({ engine }: EngineLab, claim = 'unit/u', approval = false) {
  const plan = { ...syntheticPlan(ONE_GROUP), claims: [claim] }
  return await engine.start({ plan, principal, approval })
}

async function runKeys({ store }: EngineLab): Promise<readonly string[]> {
  return (await Array.fromAsync(store.list('run/'))).map(({ key }) => key)
}

describe('a run that is told to stop', () => {
  it.each(['pause first', 'cancel first'])('ends when a pause and a cancellation meet: %s', async (order) => {
    const { kind, acting, letGo } = heldStep()
    await using lab = engineWith(kind)
    const run = await startOne(lab)
    await acting
    const elsewhere = await lab.another().run(run.id, principal)
    const asked = async (): Promise<true | undefined> =>
      (await lab.store.get([keys.control(run.id)]))[0] === undefined ? undefined : true
    const first = order === 'pause first' ? run.pause() : elsewhere.cancel('wrong')
    await until(asked)
    const second = order === 'pause first' ? elsewhere.cancel('wrong') : run.pause()
    // The second has been written down as well, or found the first.
    await until(async () => ((await lab.store.get([keys.control(run.id)]))[0]?.revision === 2 ? true : undefined))
    letGo()
    await Promise.all([first, second])
    expect((await run.state()).state).toBe('cancelled')
    expect(await lab.store.get([keys.control(run.id)])).toEqual([undefined])
  })

  it('is not paused by the next owner, when the one that was asked had died', async () => {
    const { kind, acting, letGo } = heldStep()
    await using lab = engineWith(kind, { timing: { pollMs: 60_000 } })
    const run = await startOne(lab)
    await acting
    let isAlive = true
    const seen = (store: StateStore): StateStore => ({
      ...store,
      holder: async (...given) => (isAlive ? await store.holder(...given) : undefined),
    })
    const pausing = (await lab.another({ seen }).run(run.id, principal)).pause()
    await until(async () => ((await lab.store.get([keys.control(run.id)]))[0] === undefined ? undefined : true))
    isAlive = false
    await pausing
    const stillAsked = await lab.store.get([keys.control(run.id)])
    letGo()
    await run.result()
    expect(stillAsked).toEqual([undefined])
  })

  it('is cancelled although nobody has its operation any more', async () => {
    const { kind, acting, letGo } = heldStep()
    await using lab = engineWith(kind)
    const run = await startOne(lab)
    await acting
    const paused = run.pause()
    letGo()
    await paused
    await (await lab.another({ versions: [2] }).run(run.id, principal)).cancel('its operation is gone')
    expect((await run.state()).state).toBe('cancelled')
    expect((await lab.store.get([keys.claims('unit/u')]))[0]?.value).toEqual({})
  })

  it('is not followed any more by those who were told that it is paused', async () => {
    const { kind, acting, letGo } = heldStep()
    let followers = 0
    const counted = (store: StateStore): StateStore => ({
      ...store,
      async *journal(...given) {
        followers += 1
        yield* store.journal(...given)
      },
    })
    await using lab = engineWith(kind, { seen: counted })
    const run = await startOne(lab)
    await acting
    const refused = expect(run.result()).rejects.toMatchObject({ code: 'ERR_PAUSED' })
    const paused = run.pause()
    letGo()
    await paused
    await refused
    const before = followers
    // As long as ten looks at the journal would take.
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(followers - before).toBeLessThanOrEqual(1)
  })
})

describe('an engine that is closed', () => {
  it('carries out nothing of a run that was about to start', async () => {
    let acts = 0
    const kind = kindOf(async () => {
      acts += 1
      return await Promise.resolve({})
    })
    await using lab = engineWith(kind)
    const starting = startOne(lab)
    const closing = lab.engine.close()
    const run = await starting
    await closing
    await until(async () => ((await run.state()).state === 'running' ? undefined : true))
    expect(acts).toBe(0)
    expect((await run.state()).state).toBe('paused')
    await expect(run.cancel('too late here')).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  })
})

describe('resume', () => {
  it('moves all that can be moved, and then says what kept one', async () => {
    const { kind, acting, letGo } = heldStep()
    await using lab = engineWith(kind)
    const [first, second] = [await startOne(lab, 'unit/a'), await startOne(lab, 'unit/b')]
    await acting
    const closing = lab.engine.close()
    letGo()
    await closing
    const [damaged = '', sound = ''] = [first.id, second.id].toSorted()
    const broken = (store: StateStore): StateStore => ({
      ...store,
      async *journal(run, ...rest) {
        if (run === damaged) throw new VmunitError('ERR_STORE_DAMAGED', `Record 2 of ${run} is damaged.`)
        yield* store.journal(run, ...rest)
      },
    })
    const engine = lab.another({ seen: broken })
    await expect(engine.resume(principal, undefined)).rejects.toThrow(damaged)
    await (await engine.run(sound, principal)).result()
  })
})

describe('a run that waits', () => {
  it('stays paused when another process pauses it: the one that waited for its turn lets go of it', async () => {
    await using lab = engineWith(
      kindOf(async () => await Promise.resolve({})),
      // Looks so rarely that the other one has paused the run and left when it does.
      { timing: { pollMs: 200 } },
    )
    const run = await startOne(lab, 'unit/u', true)
    await until(async () => ((await run.state()).state === 'waiting' ? true : undefined))
    await until(async () => ((await lab.store.holder(keys.run(run.id))) === undefined ? true : undefined))
    await (await lab.another().run(run.id, principal)).pause()
    await expect(run.result()).rejects.toMatchObject({ code: 'ERR_PAUSED' })
    const types = (await Array.fromAsync(run.events({ follow: false }))).map(({ type }) => type)
    expect(types.at(-1)).toBe('run.paused')
    expect((await run.state()).state).toBe('paused')
  })

  it('goes on when it is answered, although the store did not answer for a moment', async () => {
    let failures = 0
    const shaky = (store: StateStore): StateStore => ({
      ...store,
      async get(asked, call) {
        if (failures > 0 && asked[0]?.startsWith('run/') === true) {
          failures -= 1
          throw new VmunitError('ERR_UNAVAILABLE', 'The disk is in trouble.', { retryable: true })
        }
        return await store.get(asked, call)
      },
    })
    await using lab = engineWith(
      kindOf(async () => await Promise.resolve({})),
      { seen: shaky },
    )
    const run = await startOne(lab, 'unit/u', true)
    await until(async () => ((await run.state()).state === 'waiting' ? true : undefined))
    failures = 3
    await until(async () => await Promise.resolve(failures === 0 ? true : undefined))
    const key = keys.request(`${run.id}:start`)
    const [request] = await lab.store.get([key])
    const answer = { approve: true, by: 'user_b', time: 1 }
    const value = { ...(request?.value as object), answer }
    await lab.store.commit({ put: [{ key, revision: request?.revision ?? 0, value }] })
    await run.result()
    expect((await run.state()).state).toBe('succeeded')
  })
})

describe('a plan of an operation that this manager does not have', () => {
  it('is refused before anything is claimed', async () => {
    await using lab = engineWith(
      kindOf(async () => await Promise.resolve({})),
      { versions: [2] },
    )
    await expect(startOne(lab)).rejects.toMatchObject({ code: 'ERR_NOT_CONFIGURED' })
    expect(await runKeys(lab)).toEqual([])
  })
})
