import assert from 'node:assert/strict'
import { assertRejects } from '../assert-rejects.ts'
import { freshName } from '../fresh.ts'
import type { HypervisorRule } from '../hypervisor-lab.ts'
import { findMachine, getMachine, makeMachine, newMachine, newMarker, otherMarker } from './machines.ts'

/** Whose a machine is. */
export const OWNERSHIP_RULES: readonly HypervisorRule[] = [
  {
    id: 'HV-030',
    text: 'adopt writes the marker into a machine of a person and changes nothing else',
    since: '0.1.0',
    async run(lab) {
      const id = await lab.machineByHand(freshName('byhand'))
      const before = await getMachine(lab, id)
      const marker = newMarker(lab)
      const adopted = await lab.driver.adopt(id, marker)
      assert.deepEqual(adopted.marker, marker)
      assert.deepEqual(await getMachine(lab, id), { ...before, marker })
    },
  },
  {
    id: 'HV-031',
    text: 'adopt with the marker that a machine bears already succeeds',
    since: '0.1.0',
    async run(lab) {
      const id = await lab.machineByHand(freshName('byhand'))
      const marker = newMarker(lab)
      await lab.loseNextAnswer('adopt')
      await assert.rejects(lab.driver.adopt(id, marker))
      assert.equal((await lab.driver.adopt(id, marker)).id, id)
      assert.deepEqual((await lab.driver.adopt(id, marker)).marker, marker)
    },
  },
  {
    id: 'HV-032',
    text: 'adopt rejects with ERR_NOT_OWNED when the machine bears another marker, which stays',
    since: '0.1.0',
    async run(lab) {
      const { id, marker } = await makeMachine(lab)
      await assertRejects(lab.driver.adopt(id, otherMarker(marker)), 'ERR_NOT_OWNED')
      assert.deepEqual((await getMachine(lab, id)).marker, marker)
    },
  },
  {
    id: 'HV-033',
    text: 'adopt of a machine that does not exist rejects with ERR_NOT_FOUND',
    since: '0.1.0',
    async run(lab) {
      await assertRejects(lab.driver.adopt('no-such-machine', newMarker(lab)), 'ERR_NOT_FOUND')
    },
  },
  {
    id: 'HV-034',
    text: 'a marker that was copied with a machine does not make the copy ours',
    since: '0.1.0',
    async run(lab) {
      const { id, marker } = await makeMachine(lab)
      const copy = await lab.copyByHand(id, freshName('copy'))
      assert.equal((await getMachine(lab, copy)).marker, 'none')
      const { machines } = await lab.driver.inventory({ unit: marker.unit })
      assert.deepEqual(
        machines.map((machine) => machine.id),
        [id],
      )
    },
  },
  {
    id: 'HV-035',
    text: 'power and remove of a copy by the copied marker reject with ERR_NOT_OWNED and change nothing',
    since: '0.1.0',
    async run(lab) {
      const { id, marker } = await makeMachine(lab)
      const copy = await lab.copyByHand(id, freshName('copy'))
      const before = await getMachine(lab, copy)
      const machine = { id: copy, marker }
      await assertRejects(lab.driver.power(machine, 'on'), 'ERR_NOT_OWNED')
      await assertRejects(lab.driver.remove(machine), 'ERR_NOT_OWNED')
      assert.deepEqual(await getMachine(lab, copy), before)
    },
  },
  {
    id: 'HV-036',
    text: 'created is never done for a copy of the machine',
    since: '0.1.0',
    async run(lab) {
      const spec = newMachine(lab)
      const { id } = await lab.driver.create(spec)
      const copy = await lab.copyByHand(id, freshName('copy'))
      await lab.driver.remove({ id, marker: spec.marker })
      assert.equal((await lab.driver.created(spec)).state, 'absent')
      assert.notEqual((await lab.driver.create(spec)).id, copy)
    },
  },
  {
    id: 'HV-037',
    text: 'a copy can be adopted: the marker that was copied counts for nothing',
    since: '0.1.0',
    async run(lab) {
      const { id, marker } = await makeMachine(lab)
      const copy = await lab.copyByHand(id, freshName('copy'))
      const own = otherMarker(marker)
      await lab.driver.adopt(copy, own)
      assert.deepEqual((await getMachine(lab, copy)).marker, own)
      assert.deepEqual((await getMachine(lab, id)).marker, marker)
    },
  },
  {
    id: 'HV-038',
    text: 'release makes a machine nobody’s and keeps it; releasing it again succeeds',
    since: '0.1.0',
    async run(lab) {
      const machine = await makeMachine(lab)
      await lab.loseNextAnswer('release')
      await assert.rejects(lab.driver.release(machine))
      await lab.driver.release(machine)
      await lab.driver.release(machine)
      assert.equal((await getMachine(lab, machine.id)).marker, 'none')
      const marker = newMarker(lab)
      assert.deepEqual((await lab.driver.adopt(machine.id, marker)).marker, marker)
    },
  },
  {
    id: 'HV-039',
    text: 'release by another marker rejects with ERR_NOT_OWNED and the marker stays',
    since: '0.1.0',
    async run(lab) {
      const { id, marker } = await makeMachine(lab)
      await assertRejects(lab.driver.release({ id, marker: otherMarker(marker) }), 'ERR_NOT_OWNED')
      assert.deepEqual((await getMachine(lab, id)).marker, marker)
    },
  },
  {
    id: 'HV-040',
    text: 'a marker differs when any one of its four parts differs',
    since: '0.1.0',
    async run(lab) {
      const { id, marker } = await makeMachine(lab)
      for (const part of ['manager', 'unit', 'slot', 'operationId'] as const) {
        const other = { ...marker, [part]: `${marker[part]}x` }
        await assertRejects(lab.driver.remove({ id, marker: other }), 'ERR_NOT_OWNED')
        assert.ok(await findMachine(lab, id), `removed although ${part} differs`)
      }
    },
  },
]
