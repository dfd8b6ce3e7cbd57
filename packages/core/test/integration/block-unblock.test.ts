import { block, start, stop, unblock } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { BLOCK_SERVERS_ROWS } from '../spec-rows/block-servers.ts'
import { rowOf, titleOf } from '../spec-rows/spec-row.ts'
import { BALANCER_ROWS, START_ROWS } from '../spec-rows/start-stop.ts'
import { expectRow } from '../support/expect-row.ts'
import { createFleet, storyGroups } from '../support/fleet.ts'
import { tierOf } from '../support/memory-definition.ts'
import { putMark } from '../support/put-mark.ts'
import { expectRefused } from '../support/refusal.ts'
import { SLOTS, standing, UNIT } from '../support/story.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

const row = (number: string) => rowOf([...BLOCK_SERVERS_ROWS, ...BALANCER_ROWS], number)
const title = (number: string): string => titleOf(row(number))

/** A unit whose only tier has no load balancer. */
const UNLINKED = [tierOf({ id: 'combined', type: 'combined-tier', startOrder: 1, template: 'web-base' })]

describe('block and unblock', () => {
  it(title('3.21.2'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const from = await mark(fleet.world)
    const blocked = await expectRow(row('3.21.2'), fleet.manager.execute(block, { unit: UNIT, groups: ['vmgroup_1'] }))
    expect(blocked).toMatchObject({ outcomes: [{ server: SLOTS[0], status: 'changed' }] })
    const made = await mutationsSince(fleet.world, from)
    expect(made.every(({ call }) => call === 'balancer.traffic')).toBe(true)
    expect(new Set(made.map(({ subject }) => subject))).toEqual(new Set([SLOTS[0]]))
    expect(standing(await fleet.manager.units.get(UNIT))[0]).toBe(`${SLOTS[0]} working out 1`)
    expect(
      (await fleet.world.admin.machines()).every(({ services }) => services.length > 0),
      'nothing stops',
    ).toBe(true)

    await expectRow(row('3.21.2'), fleet.manager.execute(unblock, { unit: UNIT, groups: ['vmgroup_1'] }))
    expect(standing(await fleet.manager.units.get(UNIT))[0]).toBe(`${SLOTS[0]} working in 1`)
    expect((await fleet.world.admin.machines()).every(({ serving }) => serving)).toBe(true)
  })

  it('blocks in any state, and a tier without a balancer is left alone', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const { outcomes } = await fleet.manager.execute(block, { unit: UNIT })
    expect(outcomes.map(({ server, status }) => `${server} ${status}`)).toEqual([
      `${SLOTS[0]} changed`,
      `${SLOTS[1]} changed`,
      `${SLOTS[2]} changed`,
      `${SLOTS[3]} unchanged`,
    ])
    expect(standing(await fleet.manager.units.get(UNIT)).map((line) => line.split(' ')[2])).toEqual([
      'out',
      'out',
      'out',
      'none',
    ])
  })

  it(title('3.17.3'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const from = await mark(fleet.world)
    await expectRow(row('3.17.3'), fleet.manager.execute(unblock, { unit: UNIT }))
    await fleet.manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    await expectRow(row('3.17.3'), fleet.manager.execute(block, { unit: UNIT, groups: ['vmgroup_1'] }))
    const made = await mutationsSince(fleet.world, from)
    expect(made.filter(({ step }) => step?.includes('block') === true && step.includes('unblock'))).toEqual([])
  })

  it('blocks what somebody put in by hand', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    await fleet.manager.execute(block, { unit: UNIT, groups: ['vmgroup_1'] })
    await fleet.world.balancer.traffic('gyoumu_a', SLOTS[0], 'in')
    const { outcomes } = await fleet.manager.execute(block, { unit: UNIT, groups: ['vmgroup_1'] })
    expect(outcomes.map(({ status }) => status)).toEqual(['changed'])
    const [pool] = (await fleet.world.admin.pools()).filter(({ name }) => name === 'gyoumu_a')
    expect(pool?.members.find(({ slot }) => slot === SLOTS[0])?.traffic).toBe('out')
  })

  it(title('3.17.1'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1), UNLINKED)
    for (const operation of [block, unblock]) {
      await expectRefused(fleet, 'ERR_WRONG_STATE', () => fleet.manager.execute(operation, { unit: UNIT }))
      await expectRow(row('3.17.1'), fleet.manager.execute(operation, { unit: UNIT }))
    }
  })

  it(titleOf(rowOf(START_ROWS, '3.15.1')), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1), UNLINKED)
    await fleet.manager.execute(stop, { unit: UNIT })
    const asked = { unit: UNIT, unblock: true }
    await expectRow(rowOf(START_ROWS, '3.15.1'), fleet.manager.execute(start, asked))
    expect(standing(await fleet.manager.units.get(UNIT))).toEqual([`${SLOTS[0]} stopped none 1`])
  })

  it(title('3.17.2'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    await fleet.world.admin.faults([{ call: 'balancer.traffic', effect: { type: 'error', code: 'ERR_DRIVER' } }])
    await expectRow(row('3.17.2'), fleet.manager.execute(block, { unit: UNIT }))
    expect(standing(await fleet.manager.units.get(UNIT))).toEqual([`${SLOTS[0]} working in 1`])
  })

  it(title('3.17.4'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    await putMark(fleet, 'vmgroup_1')
    await expectRow(row('3.17.4'), fleet.manager.execute(block, { unit: UNIT }))
    await expectRow(row('3.17.4'), fleet.manager.execute(unblock, { unit: UNIT }))
  })

  it(title('3.17.5'), async () => {
    await using fleet = await createFleet()
    await expectRow(row('3.17.5'), fleet.manager.execute(block, { unit: 'nobody' }))
    await expectRow(row('3.17.5'), fleet.manager.execute(unblock, { unit: 'nobody' }))
  })

  it(title('3.17.6'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    await expectRow(row('3.17.6'), fleet.manager.execute(block, { unit: UNIT, groups: ['vmgroup_9'] }))
  })

  it(title('3.17.7'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    const run = await fleet.manager.start(await fleet.manager.plan(stop, { unit: UNIT }), { approval: 'required' })
    await expectRow(row('3.17.7'), fleet.manager.execute(block, { unit: UNIT }))
    await run.cancel('enough')
  })

  it(title('3.17.8'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    await fleet.manager.execute(stop, { unit: UNIT })
    await expectRow(row('3.17.8'), fleet.manager.execute(unblock, { unit: UNIT }))
  })
})
