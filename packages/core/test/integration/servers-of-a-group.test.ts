import { attachGroups, importDefinition, runScript, start, stop, type Tier, updateUnit } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { RUN_SCRIPT_ROWS } from '../spec-rows/run-script.ts'
import { rowOf, titleOf } from '../spec-rows/spec-row.ts'
import { START_ROWS, STOP_ROWS } from '../spec-rows/start-stop.ts'
import { UNIT_UPDATE_ROWS } from '../spec-rows/unit-update.ts'
import { expectRow } from '../support/expect-row.ts'
import { createFleet, type Fleet, TIERS } from '../support/fleet.ts'
import { memoryDefinition } from '../support/memory-definition.ts'
import { machineOf, standing, UNIT } from '../support/story.ts'

const row = (number: string) => rowOf([...UNIT_UPDATE_ROWS, ...START_ROWS, ...STOP_ROWS, ...RUN_SCRIPT_ROWS], number)
const title = (number: string): string => titleOf(row(number))

const SLOTS = ['pair/combined/0', 'pair/combined/1'] as const

/** Everything that is done to a server fails until it has `/etc/may-VERB`. */
const CAREFUL: readonly Tier[] = TIERS.map((tier) => ({
  ...tier,
  application: {
    ...tier.application,
    build: ['test', '-f', '/etc/may-build'],
    start: ['sh', '-c', 'set -e\ntest -f /etc/may-start\ntouch /var/run/serving'],
    health: ['test', '-f', '/var/run/serving'],
    stop: ['sh', '-c', 'set -e\ntest -f /etc/may-stop\nrm -f /var/run/serving'],
  },
}))

/** Two servers of one tier, attached as one group. */
async function attachPair(fleet: Fleet): Promise<void> {
  const servers = [111, 112].map((host) => ({ tierId: 'combined', address: `192.168.1.${host}`, port: 20580 }))
  const image = (await fleet.world.admin.images()).find(({ template }) => template === 'web-base')?.id ?? ''
  for (const { address } of servers) {
    await fleet.world.admin.addMachine({ name: address, image, addresses: [address], power: 'on' })
  }
  await fleet.manager.units.create({ name: UNIT, hypervisor: 'main' })
  const { hash } = await fleet.manager.definitions.add(memoryDefinition(CAREFUL, {}))
  await fleet.manager.execute(importDefinition, { unit: UNIT, definition: hash })
  await fleet.manager.execute(attachGroups, { unit: UNIT, groups: [{ name: 'pair', servers }], adopt: true })
}

async function permit(fleet: Fleet, verb: string, slots: readonly string[] = SLOTS): Promise<void> {
  for (const slot of slots) {
    await fleet.world.admin.writeFile((await machineOf(fleet, slot)).id, `/etc/may-${verb}`, '')
  }
}

const failedFirst = { details: { outcomes: [{ status: 'failed' }, { status: 'changed' }] } }
const stand = async (fleet: Fleet): Promise<readonly string[]> => standing(await fleet.manager.units.get(UNIT))

describe('one of two servers of a group fails', () => {
  it(`${title('3.14.9')}: the other is updated and in its pool`, async () => {
    await using fleet = await createFleet()
    await attachPair(fleet)
    await permit(fleet, 'build', SLOTS.slice(1))
    const error = await expectRow(row('3.14.9'), fleet.manager.execute(updateUnit, { unit: UNIT }))
    expect(error).toMatchObject(failedFirst)
    expect(await stand(fleet)).toEqual(['pair/combined/0 fault(updating) none 1', 'pair/combined/1 stopped out 1'])
  })

  it(`${title('3.15.13')}: the other works, and the group gets no traffic`, async () => {
    await using fleet = await createFleet()
    await attachPair(fleet)
    await permit(fleet, 'build')
    await fleet.manager.execute(updateUnit, { unit: UNIT })
    await permit(fleet, 'start', SLOTS.slice(1))
    const error = await expectRow(row('3.15.13'), fleet.manager.execute(start, { unit: UNIT }))
    expect(error).toMatchObject(failedFirst)
    expect(await stand(fleet)).toEqual(['pair/combined/0 fault(starting) out 1', 'pair/combined/1 working out 1'])
  })

  it(`${title('3.16.10')}: the other is stopped`, async () => {
    await using fleet = await createFleet()
    await attachPair(fleet)
    await permit(fleet, 'build')
    await fleet.manager.execute(updateUnit, { unit: UNIT })
    await permit(fleet, 'start')
    await fleet.manager.execute(start, { unit: UNIT })
    await permit(fleet, 'stop', SLOTS.slice(1))
    const error = await expectRow(row('3.16.10'), fleet.manager.execute(stop, { unit: UNIT }))
    expect(error).toMatchObject(failedFirst)
    expect(await stand(fleet)).toEqual(['pair/combined/0 fault(stopping) out 1', 'pair/combined/1 stopped out 1'])
  })

  it(`${title('3.22.10')}: the script has run on the other`, async () => {
    await using fleet = await createFleet()
    await attachPair(fleet)
    await permit(fleet, 'run', SLOTS.slice(1))
    const script = memoryDefinition([], { 'user-script': '#!/bin/sh\ntest -f /etc/may-run' })
    const { hash } = await fleet.manager.definitions.add(script)
    const run = fleet.manager.execute(runScript, { unit: UNIT, script: hash })
    expect(await expectRow(row('3.22.10'), run)).toMatchObject(failedFirst)
  })
})
