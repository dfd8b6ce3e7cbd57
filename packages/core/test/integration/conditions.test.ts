import { block, exitClass, type FleetResult, mark, type Operation, power, start, stop } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet } from '../support/fleet.ts'
import { ASIDE, type CaseParts, OPERATION_CASES, playPreludes, prepareCases } from '../support/operation-cases.ts'
import { expectRefused } from '../support/refusal.ts'
import { machineOf, SLOTS, UNIT } from '../support/story.ts'
import { textTable } from '../support/text-table.ts'

/**
 * What each operation does about `vmgroup_1` when there is work for it and the group is
 * - marked, and blocked: it `warns` of the mark, also when blocking has left it nothing to do;
 * - blocked: the traffic that it has afterwards, `gone` when it is no longer in the unit;
 * - on a machine that another manager holds: `NOT_OWNED` (`ERR_NOT_OWNED`) or `goes`;
 * - claimed by another run: `ERR_CLAIMED`, all of them.
 *
 * Who is not the owner of the unit: rights.test.ts, for every operation too.
 */
const TABLE = textTable(`
                        marked  blocked  held
applyPatch              warns   in       goes
applyTemplate           warns   in       NOT_OWNED
block                   warns   out      goes
deleteUnit:detach       warns   gone     NOT_OWNED
detachGroups            warns   gone     goes
power:off               warns   out      NOT_OWNED
power:on                warns   out      NOT_OWNED
recoverServer:repair    warns   in       goes
recoverServer:replace   warns   in       NOT_OWNED
runScript               warns   out      goes
scaleIn                 warns   gone     NOT_OWNED
start                   warns   in       goes
stop                    warns   out      goes
unblock                 warns   in       goes
updateUnit              warns   out      goes
updateUnit:applications warns   out      goes
updateUnit:waves        warns   in       goes
`)

const ONE = { unit: UNIT, groups: ['vmgroup_1'] }

interface Scene extends AsyncDisposable {
  readonly fleet: Fleet
  readonly operation: Operation
  readonly input: unknown
}

/** A fleet in which a case has work to do. */
async function open(name: string): Promise<Scene> {
  const fleet = await createFleet()
  const found = OPERATION_CASES[name]
  if (found === undefined) throw new Error(`no case ${name}`)
  const parts: CaseParts = await prepareCases(fleet)
  await playPreludes(fleet, found, parts)
  return {
    fleet,
    operation: found.operation,
    input: found.input(parts),
    [Symbol.asyncDispose]: async () => await fleet[Symbol.asyncDispose](),
  }
}

/** A run that changes `vmgroup_1` and waits, with its claim. */
async function claim({ manager, world }: Fleet): Promise<void> {
  const [server] = (await manager.units.get(UNIT)).groups[0]?.servers ?? []
  const machine = (await world.admin.machines()).find(({ id }) => id === server?.machine?.id)
  const plan =
    machine?.power === 'off'
      ? await manager.plan(power, { ...ONE, to: 'on' })
      : await manager.plan(server?.status === 'working' ? stop : start, ONE)
  const run = await manager.start(plan, { approval: 'required' })
  await run.until('waiting')
}

/** Gives the machine of `vmgroup_1` to another manager, by hand. */
async function giveAway(fleet: Fleet): Promise<void> {
  const { id, marker } = await machineOf(fleet, SLOTS[0])
  if (marker === undefined) throw new Error('no marker')
  await fleet.world.hypervisor.release({ id, marker })
  await fleet.world.hypervisor.adopt(id, { manager: 'somebody', unit: 'u', slot: 'g/t/0', operationId: 'r/s#1' })
}

async function trafficOf({ manager }: Fleet): Promise<string> {
  const units = await manager.units.list()
  const group = units.flatMap(({ groups }) => groups).find(({ name }) => name === 'vmgroup_1')
  return group?.servers[0]?.traffic ?? 'gone'
}

/** The warnings of a result that are about the mark. */
function warningsIn(result: unknown): readonly string[] {
  const { warnings = [] } = result as Partial<FleetResult>
  return warnings.filter((warning) => warning.includes('vmgroup_1 bears a fault mark: 調査中'))
}

async function heldMachine({ world }: Fleet) {
  const machine = (await world.admin.machines()).find(({ marker }) => marker?.manager === 'somebody')
  return [machine?.id, machine?.power]
}

describe('the table of operations and conditions', () => {
  it('has every built-in operation', () => {
    // Without detach it is refused in any condition, as long as there are groups: states.test.ts.
    const rows = [...TABLE.keys(), ...ASIDE, 'deleteUnit']
    expect(rows.toSorted()).toEqual(Object.keys(OPERATION_CASES).toSorted())
  })
})

describe.each([...TABLE])('%s', (name, { marked = '', blocked = '', held = '' }) => {
  it.concurrent(`with a group that is marked and blocked: ${marked}, and the traffic is ${blocked}`, async () => {
    await using scene = await open(name)
    const { manager } = scene.fleet
    await manager.execute(mark, { unit: UNIT, group: 'vmgroup_1', comment: '調査中' })
    await manager.execute(block, ONE)
    const result = await manager.execute(scene.operation, scene.input)
    expect(warningsIn(result)).toHaveLength(marked === 'warns' ? 1 : 0)
    expect(exitClass(result)).toBe(marked === 'warns' ? 1 : 0)
    expect(await trafficOf(scene.fleet)).toBe(blocked)
  })

  it.concurrent('with a group that another run has: ERR_CLAIMED', async () => {
    await using scene = await open(name)
    await claim(scene.fleet)
    const work = async () => await scene.fleet.another().execute(scene.operation, scene.input)
    expect(exitClass(await expectRefused(scene.fleet, 'ERR_CLAIMED', work))).toBe(2)
  })

  it.concurrent(`with a machine that another manager holds: ${held}`, async () => {
    await using scene = await open(name)
    await giveAway(scene.fleet)
    const before = await heldMachine(scene.fleet)
    const work = async () => await scene.fleet.manager.execute(scene.operation, scene.input)
    if (held === 'goes') await work()
    else await expectRefused(scene.fleet, 'ERR_NOT_OWNED', work)
    expect(await heldMachine(scene.fleet)).toEqual(before)
  })
})

describe('operations that concern no group that is there', () => {
  it.concurrent.each(ASIDE)('%s goes on, with a group that is marked, blocked, claimed and held', async (name) => {
    await using scene = await open(name)
    const { manager } = scene.fleet
    await manager.execute(mark, { unit: UNIT, group: 'vmgroup_1', comment: '調査中' })
    await manager.execute(block, ONE)
    await claim(scene.fleet)
    await giveAway(scene.fleet)
    const before = await heldMachine(scene.fleet)
    expect(warningsIn(await manager.execute(scene.operation, scene.input))).toEqual([])
    expect(await trafficOf(scene.fleet)).toBe('out')
    expect(await heldMachine(scene.fleet)).toEqual(before)
  })
})
