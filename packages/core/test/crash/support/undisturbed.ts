import { expect } from 'vitest'
import type { Ending, Lane } from './lane.ts'
import { type Death, describeDeath } from './life.ts'
import type { Scenario } from './scenario.ts'

/** How a scenario ends when nobody disturbs it: checked by itself, then the measure of all others. */
export async function undisturbed(lane: Lane, scenario: Scenario): Promise<Ending> {
  const ending = await lane.run(scenario, [])
  expect(ending.evidence).toMatchObject({
    ...{ duplicates: [], orphans: [] },
    ...{ repeated: [], unsteady: [], outOfOrder: [], strayCalls: [] },
    waited: scenario.provided !== undefined,
  })
  expect([ending.state, ending.evidence.leastServing]).toEqual([scenario.ends, scenario.serving])
  return ending
}

/** Checks that a story with deaths in it ended like the undisturbed one, and never put more at risk. */
export function expectSame(
  ending: Ending,
  wanted: Ending,
  { scenario, label }: { readonly scenario: Scenario; readonly label: string },
): void {
  const {
    creations,
    jobs,
    duplicates,
    orphans,
    leastServing,
    mostInWork,
    unsteady,
    outOfOrder,
    notContinued,
    strayCalls,
  } = ending.evidence
  expect({
    label,
    state: ending.state,
    fingerprint: ending.fingerprint,
    creations,
    jobs,
    duplicates,
    orphans,
    unsteady,
    outOfOrder,
    // Where several groups are in work at once, each goes on for itself.
    notContinued: scenario.width === 1 ? notContinued : [],
    strayCalls,
    keptServing: leastServing >= scenario.serving ? 'yes' : `only ${leastServing}`,
    inWork: mostInWork <= scenario.width ? 'few' : `${mostInWork} at once`,
  }).toEqual({
    label,
    state: wanted.state,
    fingerprint: wanted.fingerprint,
    creations: wanted.evidence.creations,
    jobs: wanted.evidence.jobs,
    duplicates: [],
    orphans: [],
    unsteady: [],
    outOfOrder: [],
    notContinued: [],
    strayCalls: [],
    keptServing: 'yes',
    inWork: 'few',
  })
}

export function labelOf(scenario: Scenario, deaths: readonly Death[]): string {
  return `${scenario.name}: ${deaths.map(describeDeath).join(', then ')}`
}
