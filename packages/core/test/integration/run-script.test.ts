import { attachGroups, runScript, stop } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { SCRIPT_ROWS } from '../spec-rows/files.ts'
import { RUN_SCRIPT_ROWS } from '../spec-rows/run-script.ts'
import { rowOf, titleOf } from '../spec-rows/spec-row.ts'
import { expectRow } from '../support/expect-row.ts'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { memoryDefinition } from '../support/memory-definition.ts'
import { machineOf, SLOTS, standing, UNIT } from '../support/story.ts'
import { mark, mutationsSince } from '../support/world-log.ts'

const row = (number: string) => rowOf([...RUN_SCRIPT_ROWS, ...SCRIPT_ROWS], number)
const title = (number: string): string => titleOf(row(number))

const SCRIPT =
  '#!/bin/sh\nset -e\ntest -f /opt/vmunit/userscript_dir/data/text\necho $VMI_VIRTUALID $1 >> /var/log/script.log'
const FAILING = '#!/bin/sh\nset -e\ntest -f /etc/may-run'

async function added(fleet: Fleet, script: string, path = 'user-script'): Promise<string> {
  const { hash } = await fleet.manager.definitions.add(memoryDefinition([], { [path]: script, 'data/text': 'text' }))
  return hash
}

const logOf = async (fleet: Fleet, slot: string): Promise<string | undefined> =>
  await fleet.world.admin.readFile((await machineOf(fleet, slot)).id, '/var/log/script.log')

/** What is left of the script on a server. */
async function filesOf(fleet: Fleet, slot: string): Promise<readonly string[]> {
  const files = await fleet.world.admin.files((await machineOf(fleet, slot)).id)
  return files.filter((path) => path.startsWith('/opt/vmunit/userscript_dir'))
}

async function filesLeft(fleet: Fleet): Promise<readonly string[]> {
  return (await Promise.all(SLOTS.map(async (slot) => await filesOf(fleet, slot)))).flat()
}

describe('runScript', () => {
  it(title('4.8.1'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const script = await added(fleet, SCRIPT)
    await expectRow(row('4.8.1'), fleet.manager.execute(runScript, { unit: UNIT, script }))
    expect(await Promise.all(SLOTS.map(async (slot) => await logOf(fleet, slot)))).toEqual(
      ['101', '102', '103', '104'].map((host) => expect.stringMatching(new RegExp(`^192\\.168\\.1\\.${host} ?\n$`))),
    )
  })

  it(title('4.8.7'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    const script = await added(fleet, '#!/bin/sh\nset -e\ncp userscript_dir/data/text /etc/kept')
    await expectRow(row('4.8.7'), fleet.manager.execute(runScript, { unit: UNIT, script }))
    expect(await fleet.world.admin.readFile((await machineOf(fleet, SLOTS[0])).id, '/etc/kept')).toBe('text')
  })

  it(title('3.22.2'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const script = await added(fleet, SCRIPT)
    await expectRow(row('3.22.2'), fleet.manager.execute(runScript, { unit: UNIT, script }))
    expect(await filesLeft(fleet)).toEqual([])
  })

  it(title('3.22.1'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 2))
    await fleet.manager.execute(stop, { unit: UNIT, groups: ['vmgroup_1'] })
    await fleet.provide(storyGroups().slice(2), UNIT)
    await fleet.manager.execute(attachGroups, { unit: UNIT, groups: storyGroups().slice(2), adopt: true })
    const before = standing(await fleet.manager.units.get(UNIT))
    expect(before.map((line) => line.split(' ')[1])).toEqual(['stopped', 'working', 'initial', 'initial'])
    const script = await added(fleet, SCRIPT)
    await expectRow(row('3.22.1'), fleet.manager.execute(runScript, { unit: UNIT, script }))
    expect(standing(await fleet.manager.units.get(UNIT)), 'no status changes').toEqual(before)
    for (const slot of SLOTS) expect(await logOf(fleet, slot), slot).toBeDefined()
  })

  it('stops nothing and takes no traffic away', async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const script = await added(fleet, SCRIPT)
    const from = await mark(fleet.world)
    await fleet.manager.execute(runScript, { unit: UNIT, groups: ['vmgroup_1'], script })
    const { id } = await machineOf(fleet, SLOTS[0])
    expect((await mutationsSince(fleet.world, from)).map(({ call, subject }) => `${call} ${subject}`)).toEqual([
      `guests.push ${id}`,
      `guests.startJob ${id}`,
      `guests.push ${id}`,
    ])
  })

  it(title('3.22.3'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    for (const slot of SLOTS.slice(1)) {
      await fleet.world.admin.writeFile((await machineOf(fleet, slot)).id, '/etc/may-run', '')
    }
    const script = await added(fleet, FAILING)
    const error = await expectRow(row('3.22.3'), fleet.manager.execute(runScript, { unit: UNIT, script }))
    expect(error).toMatchObject({
      details: { outcomes: ['failed', 'changed', 'changed', 'changed'].map((status) => ({ status })) },
    })
    expect(await filesLeft(fleet), 'the files of the one that failed are gone too').toEqual([])
  })

  it(title('3.22.4'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups())
    const script = await added(fleet, FAILING)
    await expectRow(row('3.22.4'), fleet.manager.execute(runScript, { unit: UNIT, script }))
    expect(await filesLeft(fleet)).toEqual([])
    expect(standing(await fleet.manager.units.get(UNIT)).map((line) => line.split(' ')[1])).toEqual(
      Array(4).fill('working'),
    )
  })

  it(title('4.8.5'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    const script = await added(fleet, '#!/bin/sh\nsleep 86400')
    const run = fleet.manager.execute(runScript, { unit: UNIT, script, timeoutMs: 200 })
    await expectRow(row('4.8.5'), run)
    expect(await filesOf(fleet, SLOTS[0])).toEqual([])
    await fleet.manager.execute(stop, { unit: UNIT })
  })

  it(title('3.22.5'), async () => {
    await using fleet = await createFleet()
    const script = await added(fleet, SCRIPT)
    await expectRow(row('3.22.5'), fleet.manager.execute(runScript, { unit: 'nobody', script }))
  })

  it(title('3.22.6'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    const script = await added(fleet, SCRIPT)
    await expectRow(row('3.22.6'), fleet.manager.execute(runScript, { unit: UNIT, groups: ['other'], script }))
  })

  it(title('3.22.7'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    await expectRow(row('3.22.7'), fleet.manager.execute(runScript, { unit: UNIT, script: 'f'.repeat(64) }))
  })

  it(title('3.22.8'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    const script = await added(fleet, SCRIPT, 'other-script')
    await expectRow(row('3.22.8'), fleet.manager.execute(runScript, { unit: UNIT, script }))
  })

  it(title('3.22.9'), async () => {
    await using fleet = await createFleet()
    await fleet.build(UNIT, storyGroups().slice(0, 1))
    const script = await added(fleet, SCRIPT)
    const run = await fleet.manager.start(await fleet.manager.plan(stop, { unit: UNIT }), { approval: 'required' })
    await expectRow(row('3.22.9'), fleet.manager.execute(runScript, { unit: UNIT, script }))
    await run.cancel('enough')
  })
})
