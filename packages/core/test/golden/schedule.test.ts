import { describe, expect, it } from 'vitest'
import { stepsOf } from '../../src/domain/planned-steps.ts'
import type { ScheduledChange } from '../../src/engine/progress.ts'
import { narrate } from '../unit/engine/support/narrate.ts'
import {
  ALL_AT_ONCE,
  groupNames,
  ONE_BY_ONE,
  type SyntheticPhase,
  syntheticPlan,
} from '../unit/engine/support/synthetic-plan.ts'
import type { Going, Script, VirtualRun } from '../unit/engine/support/virtual-run.ts'

type Scenario = Omit<VirtualRun, 'watcher'>

const BACK: readonly SyntheticPhase[] = [{ name: 'go back', groups: groupNames(12), steps: 1 }]

/** Every change takes ten seconds; those of the table (`group` or `group#attempt` or `phase group`) go otherwise. */
function goings(table: Readonly<Record<string, Partial<Going>>> = {}): Script['going'] {
  return ({ key, change }: ScheduledChange, attempt) => {
    const isForward = key.startsWith('forward:')
    const name = isForward ? change.group : `<${change.group}`
    const step = stepsOf({}, change)[0]?.id.split(':')[1] ?? ''
    const special = table[`${step} ${change.group}`] ?? table[`${name}#${attempt}`] ?? table[name]
    return { ms: 10_000, ...special }
  }
}

const broken = { fails: { code: 'ERR_COMMAND_FAILED', step: 1 } }
const lost = { fails: { code: 'ERR_JOB_UNKNOWN', step: 0 } }
const stale = { ms: 0, fails: { code: 'ERR_PLAN_STALE', step: -1 } }
const CANARY = [{ groups: 1, soakMs: 60_000 }, { groups: '25%' as const }]

function roll(count: number, waves: SyntheticPhase['waves'], more: Partial<Scenario> = {}): Scenario {
  const plan = syntheticPlan({ phases: [{ name: 'roll', groups: groupNames(count), waves }], back: BACK, attempts: 3 })
  return { plan, script: { going: goings() }, ...more }
}

/** Like `roll`, with the groups spread over failure domains in turn, and a budget of failures for the whole run. */
function spread(count: number, waves: SyntheticPhase['waves'], more: Spread): Scenario {
  const { domains = ['a', 'b'], maxFailures, table } = more
  const groups = groupNames(count)
  const domainOf = (group: string): string => domains[groups.indexOf(group) % domains.length] ?? ''
  const plan = syntheticPlan({ phases: [{ name: 'roll', groups, waves, domainOf }], back: BACK, maxFailures })
  return { plan, script: { going: goings(table) } }
}

interface Spread {
  readonly domains?: readonly string[]
  readonly maxFailures?: VirtualRun['plan']['maxFailures']
  readonly table?: Readonly<Record<string, Partial<Going>>>
}

function whole(
  count: number,
  table: Readonly<Record<string, Partial<Going>>>,
  budget: Pick<Spread, 'maxFailures'> & { readonly waves?: SyntheticPhase['waves'] } = {},
): Scenario {
  const groups = groupNames(count)
  const names = ['stop', 'create', 'start']
  const { maxFailures, waves } = budget
  const plan = syntheticPlan({
    maxFailures,
    phases: [...names.map((name) => ({ name, groups, waves })), { name: 'remove old', groups, finalFrom: 0 }],
    back: ['quarantine', 'start old'].map((name) => ({ name, groups, steps: 1 })),
  })
  return { plan, script: { going: goings(table) } }
}

/** The process that moves the run dies when it has written so many records; without numbers, after each. */
function killed(scenario: Scenario, ...moments: readonly number[]): Scenario {
  const dies = (records: number): boolean => moments.length === 0 || moments.includes(records)
  return { ...scenario, script: { ...scenario.script, dies } }
}

const scenarios: Readonly<Record<string, Scenario>> = {
  '1-group': roll(1, ONE_BY_ONE),
  '1-group-fails': roll(1, ONE_BY_ONE, { script: { going: goings({ g1: broken }) } }),
  '3-one-by-one': roll(3, ONE_BY_ONE),
  '3-one-by-one-soak': roll(3, [{ groups: 1, soakMs: 30_000 }]),
  '3-one-by-one-second-fails': roll(3, ONE_BY_ONE, { script: { going: goings({ g2: broken }) } }),
  '3-one-by-one-first-stale': roll(3, ONE_BY_ONE, { script: { going: goings({ g1: stale }) } }),
  '3-all-at-once': roll(3, ALL_AT_ONCE),
  '3-all-at-once-one-fails-others-finish': roll(3, ALL_AT_ONCE, {
    script: { going: goings({ g2: { ...broken, ms: 2_000 } }) },
  }),
  '6-two-at-a-time-uneven': roll(6, [{ groups: 2 }], {
    script: { going: goings({ g1: { ms: 35_000 }, g4: { ms: 1_000 } }) },
  }),
  '6-two-at-a-time-soak-uneven': roll(6, [{ groups: 2, soakMs: 5_000 }], {
    script: { going: goings({ g1: { ms: 35_000 }, g4: { ms: 1_000 } }) },
  }),
  '6-one-failure-allowed': roll(6, [{ groups: 2, maxFailures: 1 }], { script: { going: goings({ g2: broken }) } }),
  '6-one-failure-allowed-two-happen': roll(6, [{ groups: 2, maxFailures: 1 }], {
    script: { going: goings({ g2: broken, g3: { ...broken, ms: 12_000 }, g4: { ms: 40_000 } }) },
  }),
  '6-share-of-failures-rounds-down': roll(6, [{ groups: '34%', maxFailures: '33%' }], {
    script: { going: goings({ g1: broken }) },
  }),
  '12-canary-then-quarter': roll(12, CANARY),
  '12-canary-fails': roll(12, CANARY, { script: { going: goings({ g1: broken }) } }),
  '12-canary-fine-then-one-fails': roll(12, CANARY, { script: { going: goings({ g6: { ...broken, ms: 4_000 } }) } }),
  '12-all-at-once': roll(12, ALL_AT_ONCE),
  '12-three-waves': roll(12, [{ groups: 1 }, { groups: 4, soakMs: 10_000 }, { groups: '50%' }]),
  '3-approval-before-the-start': roll(3, ONE_BY_ONE, { approval: true }),
  '3-approval-before-the-start-refused': roll(3, ONE_BY_ONE, {
    approval: true,
    script: { going: goings(), answer: () => ({ ms: 5_000, approve: false }) },
  }),
  '6-approval-after-canary': roll(6, [
    { groups: 1, soakMs: 20_000 },
    { groups: 2, gate: { kind: 'approval', text: 'go on with the rest?' } },
  ]),
  '6-until-after-canary': roll(6, [{ groups: 1 }, { groups: 5, gate: { kind: 'until', time: 3_600_000 } }]),
  '6-second-wave-refused': roll(6, [{ groups: 1 }, { groups: 5, gate: { kind: 'approval', text: 'all of them?' } }], {
    script: { going: goings(), answer: () => ({ ms: 5_000, approve: false }) },
  }),
  '3-whole': whole(3, { 'create g2': { ms: 50_000 } }),
  '3-whole-new-version-does-not-start': whole(3, { 'start g2': broken }),
  '3-whole-fails-after-the-last-safe-point': whole(3, { 'remove old g2': { fails: { code: 'ERR_DRIVER', step: 0 } } }),
  '6-whole-slow-start-on-one': whole(6, { 'stop g5': { ms: 25_000 }, 'start g1': { ms: 1_000 } }),
  '3-way-back-fails-for-one': roll(3, ALL_AT_ONCE, {
    script: { going: goings({ g1: broken, g2: broken, '<g1': { fails: { code: 'ERR_DRIVER', step: 0 } } }) },
  }),
  '3-lost-job-begins-anew': roll(3, ONE_BY_ONE, { script: { going: goings({ 'g2#1': lost }) } }),
  '3-lost-job-too-often': roll(3, ONE_BY_ONE, { script: { going: goings({ g2: lost }) } }),
  '3-two-lost-jobs-at-once': roll(3, ALL_AT_ONCE, { script: { going: goings({ 'g1#1': lost, 'g3#1': lost }) } }),
  '3-lost-job-beside-a-failure': roll(3, ALL_AT_ONCE, { script: { going: goings({ 'g1#1': lost, g3: broken }) } }),
  '3-final-step-fails-no-way-back': {
    plan: syntheticPlan({
      phases: [{ name: 'roll', groups: groupNames(3), waves: ONE_BY_ONE, steps: 3, finalFrom: 2 }],
      back: BACK,
    }),
    script: { going: goings({ g2: { fails: { code: 'ERR_DRIVER', step: 2 } } }) },
  },
  '6-two-domains-one-by-one': spread(6, [{ groups: 4, failureDomains: 'oneByOne' }], {}),
  '6-two-domains-not-told-apart': spread(6, [{ groups: 4 }], {}),
  '9-three-domains-slow-and-soaking': spread(9, [{ groups: 2, soakMs: 5_000, failureDomains: 'oneByOne' }], {
    domains: ['a', 'b', 'c'],
    table: { g4: { ms: 30_000 } },
  }),
  '6-canary-then-domain-by-domain': spread(6, [{ groups: 1 }, { groups: 3, failureDomains: 'oneByOne' }], {}),
  '6-first-domain-fails-second-is-spared': spread(6, [{ groups: 2, failureDomains: 'oneByOne' }], {
    table: { g3: broken },
  }),
  '6-budget-of-the-run-over-two-waves': spread(
    6,
    [
      { groups: 2, maxFailures: 1 },
      { groups: 2, maxFailures: 1 },
    ],
    { maxFailures: 1, table: { g2: broken, g3: broken, g4: { ms: 15_000 } } },
  ),
  '6-budget-of-the-run-is-kept': spread(6, [{ groups: 2, maxFailures: 2 }], {
    maxFailures: '34%',
    table: { g2: broken },
  }),
  '6-whole-budget-of-the-run-over-phases': whole(
    6,
    { 'stop g1': broken, 'create g2': broken },
    { maxFailures: 1, waves: [{ groups: '100%', maxFailures: 1 }] },
  ),
  '6-one-takes-too-long-and-holds-the-rest': spread(6, [{ groups: 2, deadlineMs: 15_000 }], {
    table: { g2: { ms: 45_000 } },
  }),
  '6-one-takes-too-long-within-the-budget': spread(6, [{ groups: 2, deadlineMs: 15_000, maxFailures: 1 }], {
    table: { g2: { ms: 45_000 } },
  }),
  '6-one-takes-too-long-and-fails': spread(6, [{ groups: 2, deadlineMs: 15_000 }], {
    table: { g2: { ...broken, ms: 45_000 } },
  }),
  '6-deadline-met-by-all': spread(6, [{ groups: 3, deadlineMs: 10_001 }], {}),
  '12-all-at-once-three-in-flight': roll(12, ALL_AT_ONCE, { capacity: 3 }),
  '6-killed-with-two-in-flight': killed(roll(6, [{ groups: 2 }]), 11),
  '6-killed-after-every-record': killed(roll(6, [{ groups: 2 }], { script: { going: goings({ g4: broken }) } })),
  '3-whole-killed-on-the-way-back': killed(whole(3, { 'start g2': broken }), 55, 57),
  '6-killed-while-soaking': killed(roll(6, [{ groups: 3, soakMs: 20_000 }]), 12, 18),
  '30-a-tenth-at-a-time': roll(30, [{ groups: '10%', soakMs: 10_000 }]),
  '6-one-beside-the-others': roll(6, [{ groups: 3, surge: 1 }]),
  '6-two-beside-soaking': roll(6, [{ groups: '100%', surge: 2, soakMs: 5_000 }], {
    script: { going: goings({ g1: { ms: 35_000 } }) },
  }),
  '6-more-beside-than-the-wave-is-wide': roll(6, [{ groups: 2, surge: 4 }]),
  '6-one-beside-fails': roll(6, [{ groups: 3, surge: 2 }], { script: { going: goings({ g3: broken }) } }),
  '6-beside-killed': killed(roll(6, [{ groups: '100%', surge: 2 }]), 5, 14),
  '12-canary-then-a-share-beside': roll(12, [
    { groups: 1, surge: 1, soakMs: 60_000 },
    { groups: '50%', surge: '20%' },
  ]),
  '12-a-wave-of-four-two-beside-then-the-rest': roll(12, [
    { groups: 4, surge: 2 },
    { groups: 3, surge: 3 },
  ]),
  'nothing-to-do': { plan: syntheticPlan({ phases: [] }), script: { going: goings() } },
}

describe('the schedule of a run, as a story', () => {
  it.for(Object.entries(scenarios))('%s', async ([name, scenario]) => {
    await expect(narrate(scenario)).toMatchFileSnapshot(`./schedule/${name}.golden.txt`)
  })
})
