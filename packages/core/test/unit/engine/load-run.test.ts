import { expect, it } from 'vitest'
import { compactRun } from '../../../src/engine/archive.ts'
import { loadPlan } from '../../../src/engine/load-plan.ts'
import { loadRun } from '../../../src/engine/load-run.ts'
import type { StateStore } from '../../../src/ports/index.ts'
import { engineWith, kindOf, principal } from './support/engine-lab.ts'
import { syntheticPlan } from './support/synthetic-plan.ts'

/** The journal is given up when so many of its records were read. */
function compactingAfter(store: StateStore, records: number): StateStore {
  return {
    ...store,
    async *journal(runId, from, call) {
      const read = await Array.fromAsync(store.journal(runId, from, call))
      await compactRun(store, { runId, owner: 'another', leaseMs: 2_000 })
      yield* read.slice(0, records)
    },
  }
}

it.each([0, 1, 3])('a run that is compacted when %i records were read is known whole', async (records) => {
  await using lab = engineWith(kindOf(async () => await Promise.resolve({})))
  const plan = syntheticPlan({ phases: [{ name: 'roll', groups: ['g1'] }] })
  const run = await lab.engine.start({ plan, principal, approval: false })
  await run.result()
  await lab.engine.close()
  expect(await loadRun(compactingAfter(lab.store, records), run.id)).toMatchObject({ state: 'succeeded' })
})

it('the plan of a run is found also when it is compacted at that moment', async () => {
  await using lab = engineWith(kindOf(async () => await Promise.resolve({})))
  const plan = syntheticPlan({ phases: [{ name: 'roll', groups: ['g1'] }] })
  const run = await lab.engine.start({ plan, principal, approval: false })
  await run.result()
  await lab.engine.close()
  expect(await loadPlan(compactingAfter(lab.store, 0), run.id)).toMatchObject({ hash: plan.hash })
})
