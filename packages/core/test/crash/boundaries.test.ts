import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bases, prepareBases } from './support/bases.ts'
import { type Lanes, openLanes } from './support/in-lanes.ts'
import { type Ending, type Lane, openLane, SUCCESSORS } from './support/lane.ts'
import type { Death } from './support/life.ts'
import { ROLLING, SCENARIOS, type Scenario } from './support/scenarios.ts'
import { expectSame, labelOf, undisturbed } from './support/undisturbed.ts'

// VMUNIT_CRASH=all: every moment of every operation, instead of some.
const ALL = process.env['VMUNIT_CRASH'] === 'all'
const SAMPLES = 5

type DeathType = Exclude<Death['type'], 'never'>

const MOMENTS: readonly { readonly type: DeathType; readonly says: string }[] = [
  { type: 'afterCommit', says: 'directly after each commit' },
  { type: 'beforeCommit', says: 'directly before each commit' },
  { type: 'afterCall', says: 'after each call took effect, before its answer' },
  { type: 'lostAnswer', says: 'after the answer of each call was lost' },
]

let bases: Bases
let lane: Lane
let lanes: Lanes

beforeAll(async () => {
  bases = await prepareBases()
  lane = await openLane(bases, SUCCESSORS)
  lanes = await openLanes(bases, SUCCESSORS)
})

afterAll(async () => {
  await lane[Symbol.asyncDispose]()
  await lanes[Symbol.asyncDispose]()
  await bases[Symbol.asyncDispose]()
})

/** All of 1..count, or some of them in even distances. */
function moments(count: number, all: boolean): readonly number[] {
  if (all || count <= SAMPLES) return Array.from({ length: count }, (_, index) => index + 1)
  return Array.from({ length: SAMPLES }, (_, index) => 1 + Math.round((index * (count - 1)) / (SAMPLES - 1)))
}

async function killAt(scenario: Scenario, type: DeathType, all: boolean): Promise<void> {
  const wanted = await undisturbed(lane, scenario)
  const { commits = 0, calls = 0 } = wanted.lives[0] ?? {}
  const deaths = moments(type.endsWith('Commit') ? commits : calls, all).map((number): Death => ({ type, number }))
  let died = 0
  await lanes.each(deaths, async (death, own) => {
    const ending: Ending = await own.run(scenario, [death])
    if (ending.lives[0]?.died === true) died += 1
    const label = labelOf(scenario, [death])
    expectSame(ending, wanted, { scenario, label })
    expect({ label, repeated: ending.evidence.repeated }).toEqual({ label, repeated: [] })
  })
  // Steps that go side by side share more or fewer commits from run to run, so the last moments may not come.
  expect(died).toBeGreaterThanOrEqual(Math.floor(deaths.length * 0.75))
}

describe.each(MOMENTS)('A manager that dies $says', ({ type }) => {
  it(`${ROLLING.name}: its successor ends like the undisturbed run`, async () => {
    await killAt(ROLLING, type, true)
  }, 120_000)

  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    '%s: its successor ends like the undisturbed run',
    async (_, scenario) => {
      await killAt(scenario, type, ALL)
    },
    120_000,
  )
})
