import assert from 'node:assert/strict'
import { assertRejects } from '../assert-rejects.ts'
import { freshName } from '../fresh.ts'
import type { HypervisorRule } from '../hypervisor-lab.ts'
import { findMachine, makeMachine, newMachine, newMarker, otherMarker } from './machines.ts'

/** How machines go. */
export const REMOVAL_RULES: readonly HypervisorRule[] = [
  {
    id: 'HV-060',
    text: 'remove makes the machine go, and created is absent after it',
    since: '0.1.0',
    async run(lab) {
      const spec = newMachine(lab)
      const { id } = await lab.driver.create(spec)
      await lab.driver.remove({ id, marker: spec.marker })
      assert.equal(await findMachine(lab, id), undefined)
      assert.equal((await lab.driver.created(spec)).state, 'absent')
    },
  },
  {
    id: 'HV-061',
    text: 'remove of a machine that is gone already succeeds',
    since: '0.1.0',
    async run(lab) {
      const machine = await makeMachine(lab)
      await lab.loseNextAnswer('remove')
      await assert.rejects(lab.driver.remove(machine))
      await lab.driver.remove(machine)
      await lab.driver.remove(machine)
      assert.equal(await findMachine(lab, machine.id), undefined)
    },
  },
  {
    id: 'HV-062',
    text: 'remove by another marker rejects with ERR_NOT_OWNED and the machine stays',
    since: '0.1.0',
    async run(lab) {
      const { id, marker } = await makeMachine(lab)
      await assertRejects(lab.driver.remove({ id, marker: otherMarker(marker) }), 'ERR_NOT_OWNED')
      assert.ok(await findMachine(lab, id))
    },
  },
  {
    id: 'HV-063',
    text: 'remove of a machine without marker rejects with ERR_NOT_OWNED and the machine stays',
    since: '0.1.0',
    async run(lab) {
      const id = await lab.machineByHand(freshName('byhand'))
      await assertRejects(lab.driver.remove({ id, marker: newMarker(lab) }), 'ERR_NOT_OWNED')
      assert.ok(await findMachine(lab, id))
    },
  },
]
