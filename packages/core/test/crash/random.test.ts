import type { FaultRule } from '@vmunit/core/testing'
import { baseSeed, type Random, randomOf } from '@vmunit/testbed/seeded-random'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Ending } from './support/lane.ts'
import type { Death } from './support/life.ts'
import { ROLLING, type Scenario } from './support/scenario.ts'
import { SCENARIOS } from './support/scenarios.ts'
import { expectSame, labelOf, undisturbed } from './support/undisturbed.ts'
import { useLanes } from './support/use-lanes.ts'

const STORIES = process.env['VMUNIT_CRASH'] === 'all' ? 600 : 60
const PORTS = ['hypervisor.*', 'guests.*', 'balancer.*']
const DEATHS = ['afterCommit', 'beforeCommit', 'duringCall', 'afterCall', 'lostAnswer'] as const

const shared = useLanes()
let seed = 0

beforeAll(() => {
  seed = baseSeed()
})

/** Errors that pass, answers that are lost, answers that are late; for a part of the calls, for a while. */
function someFaults(random: Random): readonly FaultRule[] {
  return Array.from({ length: 1 + random.below(4) }, (): FaultRule => {
    const rule = {
      call: random.pick(PORTS),
      probability: 0.05 + 0.2 * random.below(3),
      skip: random.below(40),
      times: 1 + random.below(4),
    }
    switch (random.below(3)) {
      case 0:
        return { ...rule, effect: { type: 'error', code: 'ERR_UNAVAILABLE' } }
      case 1:
        return { ...rule, effect: { type: 'lostAnswer' } }
      default:
        // Shorter than the margin of a lease: a call that a dead manager sent has arrived before its successor begins.
        return { ...rule, times: 20, effect: { type: 'delay', ms: 1 + random.below(40) } }
    }
  })
}

function someDeaths(random: Random, { lives: [life] }: Ending): readonly Death[] {
  const { commits = 1, calls = 1 } = life ?? {}
  return Array.from({ length: random.below(4) }, (): Death => {
    const type = random.pick(DEATHS)
    return { type, number: 1 + random.below(Math.max(1, type.endsWith('Commit') ? commits : calls)) }
  })
}

describe('Faults and deaths at random', () => {
  it(`change nothing about how ${STORIES} stories end`, async () => {
    const all: readonly Scenario[] = [ROLLING, ROLLING, ...SCENARIOS]
    const wanted = new Map<string, Ending>()
    for (const scenario of all) wanted.set(scenario.name, await undisturbed(shared.lane, scenario))
    const seeds = Array.from({ length: STORIES }, (_, index) => seed + index)
    let deaths = 0
    await shared.lanes.each(seeds, async (own, laneOfOwn) => {
      const random = randomOf(own)
      const scenario = random.pick(all)
      const measure = wanted.get(scenario.name)
      if (measure === undefined) throw new Error(`${scenario.name} was not run undisturbed.`)
      const planned = someDeaths(random, measure)
      const faults = someFaults(random)
      const ending = await laneOfOwn.run(scenario, planned, { faults, slow: random.chance(0.5) })
      deaths += ending.lives.filter(({ died }) => died).length
      const label = `seed ${own}: ${labelOf(scenario, planned)} with ${JSON.stringify(faults)}`
      expectSame(ending, measure, { scenario, label })
    })
    expect(deaths).toBeGreaterThan(STORIES / 4)
  }, 600_000)
})
