import { describe, expect, it } from 'vitest'
import type { Ending } from './support/lane.ts'
import type { Death } from './support/life.ts'
import { notePoints } from './support/points.ts'
import { ROLLING, type Scenario } from './support/scenario.ts'
import { SCENARIOS } from './support/scenarios.ts'
import { expectSame, labelOf, undisturbed } from './support/undisturbed.ts'
import { useLanes } from './support/use-lanes.ts'

// VMUNIT_CRASH=all: every moment of every operation, by SIGKILL, instead of some with the manager's objects discarded.
const ALL = process.env['VMUNIT_CRASH'] === 'all'
const SAMPLES = 5
const TIME_LIMIT_MS = ALL ? 1_800_000 : 120_000

type DeathType = Exclude<Death['type'], 'never'>

const MOMENTS: readonly { readonly type: DeathType; readonly says: string }[] = [
  { type: 'afterCommit', says: 'directly after each commit' },
  { type: 'beforeCommit', says: 'directly before each commit' },
  { type: 'duringCall', says: 'while each call is on its way' },
  { type: 'afterCall', says: 'after each call took effect, before its answer' },
  { type: 'lostAnswer', says: 'after the answer of each call was lost' },
]

const shared = useLanes()

/** All of 1..count, or some of them in even distances. */
function moments(count: number, samples: number): readonly number[] {
  if (count <= samples) return Array.from({ length: count }, (_, index) => index + 1)
  return Array.from({ length: samples }, (_, index) => 1 + Math.round((index * (count - 1)) / (samples - 1)))
}

async function killAt(scenario: Scenario, type: DeathType, samples: number): Promise<void> {
  const wanted = await undisturbed(shared.lane, scenario)
  const { commits = 0, calls = 0 } = wanted.lives[0] ?? {}
  const deaths = moments(type.endsWith('Commit') ? commits : calls, ALL ? Infinity : samples).map(
    (number): Death => ({ type, number }),
  )
  let died = 0
  await shared.lanes.each(deaths, async (death, own) => {
    const ending: Ending = await own.run(scenario, [death], { slow: type === 'duringCall', processes: ALL })
    if (ending.lives[0]?.died === true) died += 1
    const label = labelOf(scenario, [death])
    expectSame(ending, wanted, { scenario, label })
    expect({ label, repeated: ending.evidence.repeated }).toEqual({ label, repeated: [] })
  })
  notePoints({ operation: scenario.name, moment: type, points: deaths.length, killed: died })
  // Steps that go side by side share more or fewer commits from run to run, so the last moments may not come.
  expect(died).toBeGreaterThanOrEqual(Math.floor(deaths.length * 0.75))
}

describe.each(MOMENTS)('A manager that dies $says', ({ type }) => {
  it(
    `${ROLLING.name}: its successor ends like the undisturbed run`,
    async () => {
      // Every journal boundary of the main job; its calls while the platform is slow would take too long.
      await killAt(ROLLING, type, type === 'duringCall' ? 12 : Infinity)
    },
    TIME_LIMIT_MS,
  )

  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    '%s: its successor ends like the undisturbed run',
    async (_, scenario) => {
      await killAt(scenario, type, SAMPLES)
    },
    TIME_LIMIT_MS,
  )
})
