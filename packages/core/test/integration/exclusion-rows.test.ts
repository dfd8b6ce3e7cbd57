import { block, collectLogs, type Manager, type Run, start, stop } from '@vmunit/core'
import { describe, it } from 'vitest'
import { EXCLUSION_ROWS } from '../spec-rows/exclusion.ts'
import { rowOf, titleOf } from '../spec-rows/spec-row.ts'
import { expectRow, expectRowRefused } from '../support/expect-row.ts'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { openOffice, PASSWORD } from '../support/people.ts'
import { UNIT } from '../support/story.ts'

const row = (number: number) => rowOf(EXCLUSION_ROWS, `2.5.${number}`)
const ONE = { unit: UNIT, groups: ['vmgroup_1'] }
const TWO = { unit: UNIT, groups: ['vmgroup_2'] }

/** A run on vmgroup_1 that has its claim, and waits. */
async function holding({ manager }: { readonly manager: Manager }): Promise<Run> {
  const run = await manager.start(await manager.plan(stop, ONE), { approval: 'required' })
  await run.until('waiting')
  return run
}

async function running(): Promise<Fleet> {
  const fleet = await createFleet()
  await fleet.build(UNIT, storyGroups())
  return fleet
}

describe('exclusivity: spec 2.5', () => {
  it(titleOf(row(1)), async () => {
    await using fleet = await running()
    const run = await holding(fleet)
    const other = fleet.another()
    await expectRowRefused(fleet, row(1), () => other.execute(stop, ONE))
    await expectRowRefused(fleet, row(1), () => other.execute(block, { unit: UNIT }))
    await run.cancel('enough')
  })

  it(titleOf(row(2)), async () => {
    await using fleet = await running()
    const run = await holding(fleet)
    await expectRow(row(2), fleet.manager.execute(stop, TWO))
    await expectRow(row(2), fleet.manager.execute(start, TWO))
    // What changes nothing needs no lock, not even on the group itself.
    await fleet.manager.execute(collectLogs, ONE)
    await expectRow(row(2), fleet.manager.units.status(UNIT))
    await run.cancel('enough')
  })

  it(titleOf(row(3)), async () => {
    await using fleet = await running()
    await fleet.build('gyoumu_b', storyGroups(5).slice(0, 1))
    const run = await holding(fleet)
    await expectRow(row(3), fleet.manager.execute(stop, { ...ONE, unit: 'gyoumu_b' }))
    await run.cancel('enough')
  })

  it(titleOf(row(4)), async () => {
    await using office = await openOffice()
    const { accounts } = office.administrator
    await office.whileLocked(async () => {
      await expectRow(row(4), accounts.create({ name: 'user_a', password: PASSWORD }))
    })
    await accounts.create({ name: 'user_a', password: PASSWORD })
  })

  it(titleOf(row(5)), async () => {
    await using fleet = await running()
    await (await holding(fleet)).cancel('enough')
    await expectRow(row(5), fleet.manager.execute(stop, ONE))
  })
})
