import assert from 'node:assert/strict'
import { assertRejects } from '../assert-rejects.ts'
import { freshName } from '../fresh.ts'
import type { HypervisorRule } from '../hypervisor-lab.ts'
import { getMachine, makeMachine, newMarker, otherMarker } from './machines.ts'

/** Switching machines on and off. */
export const POWER_RULES: readonly HypervisorRule[] = [
  {
    id: 'HV-050',
    text: 'power on and off reach their state, and succeed when it is reached already',
    since: '0.1.0',
    async run(lab) {
      const machine = await makeMachine(lab)
      for (const to of ['off', 'on', 'on', 'off', 'off'] as const) {
        await lab.driver.power(machine, to)
        assert.equal((await getMachine(lab, machine.id)).power, to)
      }
    },
  },
  {
    id: 'HV-051',
    text: 'shutdown resolves when the machine is off, and succeeds when it is off already',
    since: '0.1.0',
    async run(lab) {
      const machine = await makeMachine(lab)
      await lab.driver.power(machine, 'on')
      await lab.driver.power(machine, 'shutdown')
      assert.equal((await getMachine(lab, machine.id)).power, 'off')
      await lab.driver.power(machine, 'shutdown')
      assert.equal((await getMachine(lab, machine.id)).power, 'off')
    },
  },
  {
    id: 'HV-052',
    text: 'power by another marker rejects with ERR_NOT_OWNED and switches nothing',
    since: '0.1.0',
    async run(lab) {
      const { id, marker } = await makeMachine(lab)
      const other = { id, marker: otherMarker(marker) }
      await assertRejects(lab.driver.power(other, 'on'), 'ERR_NOT_OWNED')
      assert.equal((await getMachine(lab, id)).power, 'off')
      await lab.driver.power({ id, marker }, 'on')
      await assertRejects(lab.driver.power(other, 'off'), 'ERR_NOT_OWNED')
      await assertRejects(lab.driver.power(other, 'shutdown'), 'ERR_NOT_OWNED')
      assert.equal((await getMachine(lab, id)).power, 'on')
    },
  },
  {
    id: 'HV-053',
    text: 'power of a machine without marker rejects with ERR_NOT_OWNED',
    since: '0.1.0',
    async run(lab) {
      const id = await lab.machineByHand(freshName('byhand'))
      await assertRejects(lab.driver.power({ id, marker: newMarker(lab) }, 'on'), 'ERR_NOT_OWNED')
      assert.equal((await getMachine(lab, id)).power, 'off')
    },
  },
  {
    id: 'HV-054',
    text: 'power of a machine that does not exist rejects with ERR_NOT_FOUND',
    since: '0.1.0',
    async run(lab) {
      await assertRejects(lab.driver.power({ id: 'no-such-machine', marker: newMarker(lab) }, 'on'), 'ERR_NOT_FOUND')
    },
  },
  {
    id: 'HV-055',
    text: 'power may be repeated after a lost answer',
    since: '0.1.0',
    async run(lab) {
      const machine = await makeMachine(lab)
      await lab.loseNextAnswer('power')
      await assert.rejects(lab.driver.power(machine, 'on'))
      await lab.driver.power(machine, 'on')
      assert.equal((await getMachine(lab, machine.id)).power, 'on')
    },
  },
]
