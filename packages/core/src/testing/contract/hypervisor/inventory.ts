import assert from 'node:assert/strict'
import { freshName } from '../fresh.ts'
import type { HypervisorRule } from '../hypervisor-lab.ts'
import { addedIds, allIds, makeMachine, newMachine, newMarker } from './machines.ts'

/** What a look says, and what it cannot say. */
export const INVENTORY_RULES: readonly HypervisorRule[] = [
  {
    id: 'HV-070',
    text: 'inventory by ids lists exactly those machines and leaves out ids that do not exist',
    since: '0.1.0',
    async run(lab) {
      const [first, , third] = [await makeMachine(lab), await makeMachine(lab), await makeMachine(lab)]
      const { machines, blind } = await lab.driver.inventory({ ids: [third.id, 'no-such-machine', first.id] })
      assert.deepEqual(machines.map((machine) => machine.id).toSorted(), [first.id, third.id].toSorted())
      assert.deepEqual(blind, [])
    },
  },
  {
    id: 'HV-071',
    text: 'inventory by unit lists the machines marked for it, and no others',
    since: '0.1.0',
    async run(lab) {
      const own = await makeMachine(lab)
      await makeMachine(lab, newMarker(lab, `${lab.unit}x`))
      await lab.machineByHand(freshName('byhand'))
      const { machines } = await lab.driver.inventory({ unit: lab.unit })
      assert.deepEqual(
        machines.map((machine) => machine.id),
        [own.id],
      )
    },
  },
  {
    id: 'HV-072',
    text: 'inventory without a scope lists every machine once, those without marker too',
    since: '0.1.0',
    async run(lab) {
      const before = await allIds(lab)
      const own = await makeMachine(lab)
      const byHand = await lab.machineByHand(freshName('byhand'))
      assert.deepEqual(await addedIds(lab, before), [own.id, byHand].toSorted())
    },
  },
  {
    id: 'HV-073',
    text: 'inventory names the parts that do not answer, in every scope, and nothing when all answer',
    since: '0.1.0',
    async run(lab) {
      const before = await allIds(lab)
      const { id } = await makeMachine(lab)
      await lab.goBlind(true)
      for (const scope of [{}, { unit: lab.unit }, { ids: [id] }]) {
        const { machines, blind } = await lab.driver.inventory(scope)
        assert.ok(
          blind.length > 0 || machines.some((machine) => machine.id === id),
          'a machine hides, and nothing says so',
        )
        assert.ok(blind.length > 0, 'no part is named')
      }
      await lab.goBlind(false)
      assert.deepEqual((await lab.driver.inventory({})).blind, [])
      assert.deepEqual(await addedIds(lab, before), [id])
    },
  },
  {
    id: 'HV-074',
    text: 'created never says absent while a part does not answer in which the machine may be',
    since: '0.1.0',
    async run(lab) {
      const made = newMachine(lab)
      await lab.driver.create(made)
      await lab.goBlind(true)
      for (const spec of [made, newMachine(lab)]) {
        const { state } = await lab.driver.created(spec)
        assert.notEqual(state, 'absent')
        assert.notEqual(state, 'partial')
      }
      await lab.goBlind(false)
      assert.equal((await lab.driver.created(made)).state, 'done')
    },
  },
]
