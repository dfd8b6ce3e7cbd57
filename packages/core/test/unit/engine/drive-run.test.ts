import { describe, expect, it } from 'vitest'
import { createEngine } from '../../../src/engine/engine.ts'
import { DEFAULT_TIMING } from '../../../src/engine/timing.ts'
import { systemClock } from '../../../src/internal/system-clock.ts'
import type { GuestAccess, Operation, StepKind } from '../../../src/ports/index.ts'
import { openSqliteStore } from '../../../src/sqlite-store/index.ts'
import { syntheticPlan } from './support/synthetic-plan.ts'

const principal = { name: 'user_a', role: 'builder' } as const

function kindOf(act: StepKind['act']): StepKind {
  return {
    name: 'synthetic',
    version: 1,
    input: { parse: (value) => value },
    output: { parse: (value) => value },
    observe: async () => await Promise.resolve({ state: 'absent' }),
    act,
  }
}

function engineWith(kind: StepKind) {
  const operation: Operation = {
    name: 'synthetic',
    version: 1,
    input: { parse: (value) => value },
    kinds: [kind],
    plan: () => ({ claims: [], servers: [], phases: [] }),
    result: (_plan, finished) => finished.outcomes,
  }
  const store = openSqliteStore(':memory:')
  const engine = createEngine({
    manager: 'vmunit',
    owner: 'test',
    store,
    hypervisors: {},
    balancers: {},
    guests: {} as GuestAccess,
    clock: systemClock,
    timing: { ...DEFAULT_TIMING, pollMs: 20 },
    operations: new Map([['synthetic@1', operation]]),
    limiters: new Map(),
    maxStepsInFlight: 64,
  })
  return {
    store,
    engine,
    async [Symbol.asyncDispose]() {
      await engine.close()
      await store.close()
    },
  }
}

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
})
