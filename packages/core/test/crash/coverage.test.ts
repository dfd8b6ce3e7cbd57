import { expect, it } from 'vitest'
import { BUILT_IN_OPERATIONS } from '../../src/operations/built-in-operations.ts'
import { type BaseName, prepareBases } from './support/bases.ts'
import { openLane } from './support/lane.ts'
import { ROLLING } from './support/scenario.ts'
import { SCENARIOS } from './support/scenarios.ts'

it('Every operation that a manager has is in a scenario in which managers die', async () => {
  await using bases = await prepareBases()
  await using lane = await openLane(bases, [0])
  const covered = new Set<string>()
  const byBase = Map.groupBy([ROLLING, ...SCENARIOS], ({ base }): BaseName => base)
  for (const [base, scenarios] of byBase) {
    await using stage = await lane.begin(base)
    const manager = stage.manager(0)
    for (const scenario of scenarios) covered.add((await scenario.plan(manager, bases)).operation.name)
  }
  expect([...covered].toSorted()).toEqual(BUILT_IN_OPERATIONS.map(({ name }) => name).toSorted())
}, 60_000)
