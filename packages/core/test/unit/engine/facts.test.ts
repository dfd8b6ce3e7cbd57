import { describe, expect, it } from 'vitest'
import type { Plain } from '../../../src/domain/plain.ts'
import type { ExpectedFact, FactName } from '../../../src/domain/plan.ts'
import { keys, plain } from '../../../src/engine/documents.ts'
import { checkFacts, type FactSources } from '../../../src/engine/facts.ts'
import type { HypervisorDriver, Inventory } from '../../../src/ports/index.ts'
import { openSqliteStore } from '../../../src/sqlite-store/index.ts'
import { groupOf, serverOf, unitWith } from '../operations/support/unit.ts'

const SLOT = 'vmgroup_1/web/0'

interface Lab extends AsyncDisposable {
  readonly sources: FactSources
  readonly inventories: (readonly string[])[]
}

/** A store with one group of one server, and a hypervisor that lists its machine. */
async function lab(inventory: Partial<Inventory> = {}): Promise<Lab> {
  const store = openSqliteStore(':memory:')
  const { groups: _groups, ...record } = unitWith([])
  const server = serverOf(SLOT, {
    address: '192.168.1.101',
    definitionHash: 'abc',
    machine: { id: 'vm-1', operationId: 'o' },
  })
  await store.commit({
    put: [
      { key: keys.unit('gyoumu_a'), revision: 0, value: plain(record) },
      { key: keys.group('gyoumu_a', 'vmgroup_1'), revision: 0, value: plain(groupOf('vmgroup_1', [server])) },
      { key: keys.address('192.168.1.101'), revision: 0, value: `gyoumu_a ${SLOT}` },
    ],
  })
  const inventories: (readonly string[])[] = []
  const machine = { id: 'vm-1', name: 'web', power: 'on', marker: 'none', addresses: [] } as const
  const hypervisor = {
    async inventory({ ids = [] }) {
      inventories.push(ids)
      return await Promise.resolve({ machines: [machine], blind: [], ...inventory })
    },
  } as Pick<HypervisorDriver, 'inventory'> as HypervisorDriver
  return { sources: { store, hypervisor: () => hypervisor }, inventories, [Symbol.asyncDispose]: () => store.close() }
}

function fact(name: FactName, value: Plain, more: Partial<ExpectedFact> = {}): ExpectedFact {
  return { unit: 'gyoumu_a', server: SLOT, fact: name, value, ...more }
}

describe('the facts of a plan', () => {
  it.for<readonly [ExpectedFact, Plain, Plain]>([
    [fact('attached', true), false, true],
    [fact('address', '192.168.1.101'), '192.168.1.102', '192.168.1.101'],
    [fact('machine', 'vm-1'), 'vm-2', 'vm-1'],
    [fact('power', 'on'), 'off', 'on'],
    [fact('status', 'working'), 'stopped', 'working'],
    [fact('templateVersion', 1), 2, 1],
    [fact('definitionHash', 'abc'), 'abd', 'abc'],
    [fact('holder', `gyoumu_a ${SLOT}`, { about: '192.168.1.101' }), null, `gyoumu_a ${SLOT}`],
    [fact('holder', null, { about: '192.168.1.199' }), 'gyoumu_b x/web/0', null],
    [fact('attached', false, { server: 'vmgroup_9/web/0' }), true, false],
    [fact('machine', null, { server: 'vmgroup_9/web/0' }), 'vm-9', null],
  ])('%o holds, and is named when it does not', async ([expected, other, found]) => {
    await using it = await lab()
    await expect(checkFacts(it.sources, [expected])).resolves.toBeUndefined()
    const { unit, server, fact: name } = expected
    await expect(checkFacts(it.sources, [{ ...expected, value: other }])).rejects.toMatchObject({
      code: 'ERR_PLAN_STALE',
      message: expect.stringContaining(server),
      details: { servers: [server], moved: [{ unit, server, fact: name, expected: other, found: found ?? undefined }] },
    })
  })

  it('names every server that moved, once', async () => {
    await using it = await lab()
    const other = 'vmgroup_9/web/0'
    const expected = [
      fact('power', 'off'),
      fact('status', 'stopped'),
      fact('attached', true, { server: other }),
      fact('machine', 'vm-1'),
    ]
    await expect(checkFacts(it.sources, expected)).rejects.toMatchObject({ details: { servers: [SLOT, other] } })
  })

  it('a machine that the hypervisor does not list has no power', async () => {
    await using it = await lab({ machines: [] })
    await expect(checkFacts(it.sources, [fact('power', 'on')])).rejects.toMatchObject({ code: 'ERR_PLAN_STALE' })
    await expect(checkFacts(it.sources, [fact('power', null)])).resolves.toBeUndefined()
  })

  it('conclude nothing from an inventory that is blind', async () => {
    await using it = await lab({ machines: [], blind: ['host-3'] })
    await expect(checkFacts(it.sources, [fact('power', 'on')])).rejects.toMatchObject({
      code: 'ERR_UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining('host-3'),
    })
  })

  it('do not ask the hypervisor about records, and only about the machines concerned', async () => {
    await using it = await lab()
    await checkFacts(it.sources, [fact('attached', true), fact('status', 'working')])
    await checkFacts(it.sources, [])
    expect(it.inventories).toEqual([])
    await checkFacts(it.sources, [fact('power', 'on')])
    expect(it.inventories).toEqual([['vm-1']])
  })
})
