import assert from 'node:assert/strict'
import { assertRejectsWithReason } from '../assert-calls.ts'
import { assertRejects } from '../assert-rejects.ts'
import { freshOperationId } from '../fresh.ts'
import type { HypervisorRule } from '../hypervisor-lab.ts'
import { promptly } from '../promptly.ts'
import { getMachine, makeMachine, otherMarker } from './machines.ts'

function present<T>(facet: T | undefined): T {
  assert.ok(facet !== undefined, 'the facet is declared, but the driver does not have it')
  return facet
}

/** What a driver must keep when it has one of the optional parts. */
export const FACET_RULES: readonly HypervisorRule[] = [
  {
    id: 'HV-110',
    text: 'readdress gives a machine these addresses and no others; the same again succeeds',
    facet: 'readdress',
    since: '0.1.0',
    async run(lab) {
      const machine = await makeMachine(lab)
      const networks = lab.networks()
      await present(lab.driver.readdress).set(machine, networks)
      await present(lab.driver.readdress).set(machine, networks)
      await lab.driver.power(machine, 'on')
      const wanted = networks.flatMap((network) => network.address ?? [])
      assert.deepEqual((await getMachine(lab, machine.id)).addresses.toSorted(), wanted.toSorted())
    },
  },
  {
    id: 'HV-111',
    text: 'readdress by another marker rejects with ERR_NOT_OWNED and the addresses stay',
    facet: 'readdress',
    since: '0.1.0',
    async run(lab) {
      const { id, marker } = await makeMachine(lab)
      const before = await getMachine(lab, id)
      const other = { id, marker: otherMarker(marker) }
      await assertRejects(present(lab.driver.readdress).set(other, lab.networks()), 'ERR_NOT_OWNED')
      assert.deepEqual(await getMachine(lab, id), before)
    },
  },
  {
    id: 'HV-112',
    text: 'an action costs a positive number of units, and never more than the capacity',
    facet: 'limits',
    since: '0.1.0',
    async run(lab) {
      for (const action of ['create', 'power', 'remove', 'publish'] as const) {
        for (const cost of present(lab.driver.limits).cost(action, {})) {
          assert.match(cost.resource, /\S/)
          assert.ok(cost.units > 0 && cost.units <= cost.capacity, `${action}: ${cost.units} of ${cost.capacity}`)
        }
      }
    },
  },
  {
    id: 'HV-113',
    text: 'diagnostics of a machine are some bytes, and the machine is as it was',
    facet: 'diagnostics',
    since: '0.1.0',
    async run(lab) {
      const machine = await makeMachine(lab)
      const before = await getMachine(lab, machine.id)
      const chunks = await Array.fromAsync(present(lab.driver.diagnostics).collect(machine))
      assert.ok(Buffer.concat(chunks).length > 0, 'the bundle is empty')
      assert.deepEqual(await getMachine(lab, machine.id), before)
    },
  },
  {
    id: 'HV-114',
    text: 'a snapshot is made once for each operation id, and a machine returns to it',
    facet: 'snapshots',
    since: '0.1.0',
    async run(lab) {
      const machine = await makeMachine(lab)
      const snapshots = present(lab.driver.snapshots)
      const id = freshOperationId()
      const snapshot = await snapshots.create(machine, id)
      assert.equal(await snapshots.create(machine, id), snapshot)
      await snapshots.revert(machine, snapshot)
      assert.deepEqual((await getMachine(lab, machine.id)).marker, machine.marker)
    },
  },
  {
    id: 'HV-115',
    text: 'snapshot and revert by another marker reject with ERR_NOT_OWNED',
    facet: 'snapshots',
    since: '0.1.0',
    async run(lab) {
      const { id, marker } = await makeMachine(lab)
      const snapshots = present(lab.driver.snapshots)
      const snapshot = await snapshots.create({ id, marker }, freshOperationId())
      const other = { id, marker: otherMarker(marker) }
      await assertRejects(snapshots.create(other, freshOperationId()), 'ERR_NOT_OWNED')
      await assertRejects(snapshots.revert(other, snapshot), 'ERR_NOT_OWNED')
    },
  },
  {
    id: 'HV-116',
    text: 'watch tells of a change of power, and ends with the reason of its signal',
    facet: 'changes',
    since: '0.1.0',
    async run(lab) {
      const machine = await makeMachine(lab)
      const stop = new AbortController()
      const reason = new Error('stop watch')
      const watch = present(lab.driver.changes).watch({ signal: stop.signal })[Symbol.asyncIterator]()
      const seen = (async () => {
        for (;;) {
          const next = await watch.next()
          if (next.done || (next.value.id === machine.id && next.value.power === 'on')) return next.done
        }
      })()
      seen.catch(() => {})
      await lab.driver.power(machine, 'on')
      assert.equal(await promptly(lab, seen), false)
      const pending = watch.next()
      stop.abort(reason)
      await assertRejectsWithReason(lab, pending, reason)
    },
  },
]
