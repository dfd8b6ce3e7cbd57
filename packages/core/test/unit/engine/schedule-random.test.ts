import { type Random, randomOf } from '@vmunit/testbed/seeded-random'
import { describe, expect, it } from 'vitest'
import type { Plan, Wave } from '../../../src/domain/plan.ts'
import { stepsOf } from '../../../src/domain/planned-steps.ts'
import type { ScheduledChange } from '../../../src/engine/progress.ts'
import { checkEnd, invariants } from './support/invariants.ts'
import { groupNames, type SyntheticPhase, syntheticPlan } from './support/synthetic-plan.ts'
import { type Going, runVirtually, type Script } from './support/virtual-run.ts'

/** `npm test` takes a share; `VMUNIT_CRASH=all`, as `npm run crash` sets it, all of them. */
const RUNS = process.env['VMUNIT_CRASH'] === 'all' ? 10_000 : 3_000

const DOMAINS = ['zone-a', 'zone-b', 'zone-c']

function randomWaves(random: Random): readonly Wave[] {
  return Array.from({ length: random.int(1, 3) }, (): Wave => {
    const groups = random.pick([0, 1, 2, 3, 5, '10%', '25%', '50%', '100%'] as const)
    return {
      groups,
      ...(random.chance(0.3) && { surge: random.pick([0, 1, 2, '10%', '25%', '100%'] as const) }),
      ...(random.chance(0.4) && { soakMs: random.int(0, 30) * 1_000 }),
      ...(random.chance(0.4) && { maxFailures: random.pick([0, 1, 2, '20%', '100%'] as const) }),
      ...(random.chance(0.3) && { deadlineMs: random.int(1, 30) * 1_000 }),
      ...(random.chance(0.3) && { failureDomains: 'oneByOne' as const }),
      ...(random.chance(0.2) && {
        gate: random.pick([
          { kind: 'approval', text: 'go on?' },
          { kind: 'until', time: 40_000 },
        ] as const),
      }),
    }
  })
}

function randomPlan(random: Random): Plan {
  // Most fleets are small, because that is where the edges are.
  const all = groupNames(random.chance(0.01) ? random.int(50, 120) : random.int(0, 14))
  const domains = new Map(all.map((group) => [group, random.pick(DOMAINS)]))
  const phase = (name: string, more: Partial<SyntheticPhase>): SyntheticPhase => ({
    name,
    groups: all.filter(() => random.chance(0.9)),
    steps: random.int(1, 3),
    domainOf: (group) => domains.get(group) ?? '',
    ...more,
  })
  const count = random.pick([1, 1, 2, 4] as const)
  const phases = Array.from({ length: count }, (_, index) => {
    const isLast = index === count - 1
    return phase(`phase-${index}`, {
      waves: randomWaves(random),
      ...(isLast && random.chance(0.3) && { finalFrom: random.int(0, 2) }),
    })
  })
  const back = Array.from({ length: random.int(0, 2) }, (_, index) => phase(`back-${index}`, {}))
  const maxFailures = random.pick([undefined, undefined, 0, 1, 3, '25%'] as const)
  return syntheticPlan({ phases, back, attempts: random.int(1, 3), maxFailures })
}

function randomScript(random: Random): Script {
  const failures = random.pick([0, 0.05, 0.3] as const)
  const deadly = random.pick([0, 0, 0.01, 0.1] as const)
  const goings = new Map<string, Going>()
  const answers = new Map<string, { readonly ms: number; readonly approve: boolean }>()
  const goingOf = ({ change }: ScheduledChange): Going => {
    const ms = random.int(0, 60) * 500
    if (!random.chance(failures)) return { ms }
    const code = random.pick(['ERR_COMMAND_FAILED', 'ERR_JOB_UNKNOWN', 'ERR_PLAN_STALE'] as const)
    return { ms, fails: { code, step: code === 'ERR_PLAN_STALE' ? -1 : random.int(0, stepsOf({}, change).length - 1) } }
  }
  return {
    // Asked again after a kill, the world goes as it would have gone.
    going: (scheduled, attempt) => remembered(goings, `${scheduled.key}#${attempt}`, () => goingOf(scheduled)),
    answer: (gate) => remembered(answers, gate, () => ({ ms: random.int(0, 20) * 1_000, approve: random.chance(0.9) })),
    dies: () => random.chance(deadly),
  }
}

function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const value = known.get(key) ?? make()
  known.set(key, value)
  return value
}

describe('any plan, however it goes', () => {
  it(`keeps the rules of scheduling in ${RUNS} seeded runs`, () => {
    const ends = new Map<string, number>()
    for (let seed = 1; seed <= RUNS; seed += 1) {
      const random = randomOf(seed)
      const plan = randomPlan(random)
      try {
        const approval = random.chance(0.2)
        const capacity = random.pick([undefined, undefined, 1, 4] as const)
        const watcher = invariants(plan, capacity)
        const script = randomScript(random)
        const progress = runVirtually({ plan, script, watcher, approval, capacity, maxDecisions: 20_000 })
        if (progress.state !== 'cancelled') checkEnd(plan, progress)
        ends.set(progress.state, (ends.get(progress.state) ?? 0) + 1)
      } catch (error) {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
      }
    }
    // A generator that only makes runs of one kind would prove little.
    for (const state of ['succeeded', 'failed', 'cancelled']) expect(ends.get(state)).toBeGreaterThan(RUNS / 40)
  }, 120_000)
})
