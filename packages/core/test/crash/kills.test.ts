import { baseSeed, type Random, randomOf } from '@vmunit/testbed/seeded-random'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Ending } from './support/lane.ts'
import type { Death } from './support/life.ts'
import { notePoints } from './support/points.ts'
import { ROLLING, type Scenario } from './support/scenario.ts'
import { SCENARIOS } from './support/scenarios.ts'
import { expectSame, labelOf, undisturbed } from './support/undisturbed.ts'
import { useLanes } from './support/use-lanes.ts'

const KILLS = process.env['VMUNIT_CRASH'] === 'all' ? 300 : 60
const DEATHS = ['afterCommit', 'beforeCommit', 'duringCall', 'afterCall', 'lostAnswer', 'after'] as const
/** About as long as a manager lives, from the start of its process. */
const LIFETIME_MS = 900

const shared = useLanes()
let seed = 0

beforeAll(() => {
  seed = baseSeed()
})

function someDeath(random: Random, { lives: [life] }: Ending): Death {
  const { commits = 1, calls = 1 } = life ?? {}
  const type = random.pick(DEATHS)
  if (type === 'after') return { type, number: random.below(LIFETIME_MS) }
  return { type, number: 1 + random.below(Math.max(1, type.endsWith('Commit') ? commits : calls)) }
}

describe('A manager whose process is ended by SIGKILL', () => {
  it(`has a successor that ends like the undisturbed run, ${KILLS} times over all operations`, async () => {
    const all: readonly Scenario[] = [ROLLING, ...SCENARIOS]
    const wanted = new Map<string, Ending>()
    for (const scenario of all) wanted.set(scenario.name, await undisturbed(shared.lane, scenario))
    const seeds = Array.from({ length: KILLS }, (_, index) => seed + index)
    let killed = 0
    await shared.lanes.each(seeds, async (own, laneOfOwn) => {
      const random = randomOf(own)
      const scenario = all[(own - seed) % all.length] ?? ROLLING
      const measure = wanted.get(scenario.name)
      if (measure === undefined) throw new Error(`${scenario.name} was not run undisturbed.`)
      const death = someDeath(random, measure)
      const ending = await laneOfOwn.run(scenario, [death], { processes: true, slow: random.chance(0.5) })
      if (ending.lives[0]?.died === true) killed += 1
      const label = `seed ${own}: ${labelOf(scenario, [death])}`
      expectSame(ending, measure, { scenario, label })
      if (death.type !== 'lostAnswer')
        expect({ label, repeated: ending.evidence.repeated }).toEqual({ label, repeated: [] })
    })
    notePoints({ operation: 'all, at random', moment: 'any', points: KILLS, killed })
    console.log(`${killed} of ${KILLS} processes were killed before they had ended the run`)
    expect(killed).toBeGreaterThan(KILLS / 2)
  }, 1_200_000)
})
