import { describe, expect, it } from 'vitest'
import { keys } from '../../../src/engine/documents.ts'
import type { StateStore } from '../../../src/ports/index.ts'
import { until } from '../../support/until.ts'
import { engineWith, kindOf, principal } from './support/engine-lab.ts'
import { syntheticPlan } from './support/synthetic-plan.ts'

describe('a run in this process', () => {
  it('has in its journal what has happened, while another group is still at work', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const kind = kindOf(async (_input, { operationId }) => {
      if (operationId.includes(':slow/')) await promise
      return {}
    })
    await using lab = engineWith(kind)
    const plan = syntheticPlan({ phases: [{ name: 'roll', groups: ['quick', 'slow'], steps: 1 }] })
    const run = await lab.engine.start({ plan, principal, approval: false })
    const types = async (): Promise<readonly string[]> => {
      const found: string[] = []
      for await (const { type } of lab.store.journal(run.id, 1)) found.push(type)
      return found
    }
    try {
      await expect.poll(types).toContain('change.done')
    } finally {
      resolve()
      await run.result()
    }
    expect(await types()).toEqual(expect.arrayContaining(['run.created', 'run.owned', 'run.succeeded']))
  })

  it('goes on with the others after one failed within the budget, and then goes back with it', async () => {
    const kind = kindOf(async (_input, { operationId }) => {
      if (operationId.includes('forward:roll:g2/')) throw new Error('boom')
      return await Promise.resolve({})
    })
    await using lab = engineWith(kind)
    const groups = ['g1', 'g2', 'g3']
    const plan = syntheticPlan({
      phases: [{ name: 'roll', groups, waves: [{ groups: 1, maxFailures: 1 }] }],
      back: [{ name: 'go back', groups, steps: 1 }],
    })
    const run = await lab.engine.start({ plan, principal, approval: false })
    await expect(run.result()).rejects.toMatchObject({ code: 'ERR_RUN_FAILED' })
    const changes: string[] = []
    for await (const { type, data } of run.events({ follow: false })) {
      if (type.startsWith('change.')) changes.push(`${type.slice(7)} ${(data as { change: string }).change}`)
    }
    expect(changes).toEqual([
      'began forward:0:g1',
      'done forward:0:g1',
      'began forward:0:g2',
      'failed forward:0:g2',
      'began forward:0:g3',
      'done forward:0:g3',
      'began back:0:g2',
      'done back:0:g2',
    ])
  })

  it('does not wait for people while another group may begin, also when one ends during a look for answers', async () => {
    const busy = Promise.withResolvers<void>()
    const kind = kindOf(async (_input, { operationId, park }) => {
      if (operationId.includes(':asks/')) return await park({ for: 'an answer', request: 'ask' })
      if (operationId.includes(':busy/')) await busy.promise
      return {}
    })
    // The group that is busy ends while somebody looks whether the other one was answered.
    const slow = (store: StateStore): StateStore => ({
      ...store,
      async get(asked, call) {
        if (asked[0] === keys.request('ask')) {
          busy.resolve()
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
        return await store.get(asked, call)
      },
    })
    await using lab = engineWith(kind, { seen: slow })
    const groups = ['asks', 'busy', 'next']
    const plan = syntheticPlan({ phases: [{ name: 'roll', groups, steps: 1, waves: [{ groups: 2 }] }] })
    const run = await lab.engine.start({ plan, principal, approval: false })
    await until(async () => ((await run.state()).state === 'waiting' ? true : undefined))
    const done: string[] = []
    for await (const event of run.events({ follow: false })) {
      if (event.type === 'change.done') done.push(event.data.change)
    }
    expect(done).toEqual(['forward:0:busy', 'forward:0:next'])
  })
})
