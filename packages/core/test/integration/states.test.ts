import { isVmunitError, type LogicalStatus } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { BUILT_IN_OPERATIONS } from '../../src/operations/built-in-operations.ts'
import { createFleet, type Fleet } from '../support/fleet.ts'
import { ASIDE, OPERATION_CASES, prepareCases } from '../support/operation-cases.ts'
import { putStatus } from '../support/put-status.ts'
import { expectRefused } from '../support/refusal.ts'
import { textTable } from '../support/text-table.ts'

/**
 * Where a server in each status (spec §2.4) ends: `=` as it was, `gone` out of the unit, `WRONG` refused with
 * `ERR_WRONG_STATE`. Operations on servers, §3.13–3.22.
 */
const TOUCHING = textTable(`
                        initial  stopped  working  updating          starting          stopping          fault(updating)  fault(starting)   fault(stopping)
applyPatch              =        =        =        =                 working           working           =                working           working
applyTemplate           stopped  =        =        stopped           working           working           stopped          working           working
block                   =        =        =        =                 =                 =                 =                =                 =
deleteUnit              WRONG    WRONG    WRONG    WRONG             WRONG             WRONG             WRONG            WRONG             WRONG
deleteUnit:detach       gone     gone     gone     gone              gone              gone              gone             gone              gone
detachGroups            gone     gone     WRONG    gone              WRONG             WRONG             gone             WRONG             WRONG
power:off               =        =        WRONG    =                 WRONG             WRONG             =                WRONG             WRONG
power:on                =        =        =        =                 =                 =                 =                =                 =
recoverServer:repair    WRONG    working  =        working           working           working           working          working           working
recoverServer:replace   working  working  =        working           working           working           working          working           working
runScript               =        =        =        =                 =                 =                 =                =                 =
scaleIn                 gone     gone     gone     gone              gone              gone              gone             gone              gone
start                   WRONG    working  =        WRONG             working           WRONG             WRONG            working           working
stop                    =        =        stopped  =                 stopped           stopped           =                stopped           stopped
unblock                 WRONG    WRONG    =        WRONG             WRONG             WRONG             WRONG            WRONG             WRONG
updateUnit              stopped  =        =        stopped           =                 =                 stopped          =                 =
updateUnit:applications =        =        =        stopped           =                 =                 stopped          =                 =
updateUnit:waves        stopped  =        =        stopped           =                 =                 stopped          =                 =
`)

/** Repeats what was refused before anything changed: a look whose answer was lost. */
async function persistently<T>(begin: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await begin()
    } catch (error) {
      if (!isVmunitError(error, 'ERR_UNAVAILABLE')) throw error
    }
  }
}

async function endingOf({ manager }: Fleet): Promise<string> {
  const units = await manager.units.list()
  const group = units.flatMap(({ groups }) => groups).find(({ name }) => name === 'vmgroup_1')
  return group?.servers[0]?.status ?? 'gone'
}

function caseOf(name: string) {
  const found = OPERATION_CASES[name]
  if (found === undefined) throw new Error(`no case ${name}`)
  return found
}

describe('the table of operations and statuses', () => {
  it('has every built-in operation, and every case of it', () => {
    const rows = [...TOUCHING.keys(), ...ASIDE].toSorted()
    expect(rows).toEqual(Object.keys(OPERATION_CASES).toSorted())
    const named = new Set(Object.values(OPERATION_CASES).map(({ operation }) => operation.name))
    expect([...named].toSorted()).toEqual(BUILT_IN_OPERATIONS.map(({ name }) => name).toSorted())
  })
})

describe.each([...TOUCHING])('%s', (name, row) => {
  const cells = Object.entries(row) as [LogicalStatus, string][]
  const refused = cells.flatMap(([status, ending]) => (ending === 'WRONG' ? [status] : []))
  const legal = cells.filter(([, ending]) => ending !== 'WRONG')
  const { operation, input } = caseOf(name)

  if (refused.length > 0) {
    it(`refuses servers that are ${refused.join(', ')}`, async () => {
      await using fleet = await createFleet()
      const parts = await prepareCases(fleet)
      for (const status of refused) {
        await putStatus(fleet, 'vmgroup_1', status)
        const error = await expectRefused(fleet, 'ERR_WRONG_STATE', () => fleet.manager.plan(operation, input(parts)))
        expect(error.message, status).toMatch(/192\.168\.1\.101|vmgroup_1/)
      }
    })
  }

  it.concurrent.each(legal)('brings a server that is %s to its end, whatever answers are lost', async (status, end) => {
    await using fleet = await createFleet({ seed: 17 })
    const parts = await prepareCases(fleet)
    await putStatus(fleet, 'vmgroup_1', status)
    const planned = await fleet.manager.plan(operation, input(parts))
    const calls = ['hypervisor.', 'guests.', 'balancer.']
    await fleet.world.admin.faults(
      calls.map((call) => ({ call: `${call}*`, probability: 0.2, times: 2, effect: { type: 'lostAnswer' as const } })),
    )
    const run = await persistently(async () => await fleet.manager.start(planned))
    await run.result()
    await fleet.world.admin.faults([])
    expect(await endingOf(fleet), `seed 17, ${status}`).toBe(end === '=' ? status : end)
  })
})

describe('operations that concern no server that is there', () => {
  const statuses = Object.keys([...TOUCHING.values()][0] ?? {}) as LogicalStatus[]

  it.concurrent.each(ASIDE)('%s leaves a server in each status as it is', async (name) => {
    const { operation, input } = caseOf(name)
    await using fleet = await createFleet()
    const parts = await prepareCases(fleet)
    for (const status of statuses) {
      await putStatus(fleet, 'vmgroup_1', status)
      // Each may be done once only in one fleet: it is planned in every status, and done in the last.
      const plan = await fleet.manager.plan(operation, input(parts))
      expect(await endingOf(fleet)).toBe(status)
      if (status === statuses.at(-1)) await (await fleet.manager.start(plan)).result()
    }
    expect(await endingOf(fleet)).toBe(statuses.at(-1))
  })
})
