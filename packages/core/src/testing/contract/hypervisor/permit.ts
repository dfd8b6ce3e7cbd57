import assert from 'node:assert/strict'
import { assertRefused, type Calls } from '../assert-calls.ts'
import { freshName, freshOperationId } from '../fresh.ts'
import type { HypervisorLab, HypervisorRule } from '../hypervisor-lab.ts'
import { makeMachine, newMachine, newMarker } from './machines.ts'

/** Every call that changes something, each with something to change. */
async function changingCalls(lab: HypervisorLab, template: string): Promise<Calls> {
  const { driver } = lab
  const [machine, running, candidate, published] = [
    await makeMachine(lab),
    await makeMachine(lab),
    await makeMachine(lab),
    await makeMachine(lab),
  ]
  await driver.power(running, 'on')
  const as = { template, version: 2, operationId: freshOperationId() }
  const image = await driver.images.publish(published, { template, version: 1, operationId: freshOperationId() })
  const byHand = await lab.machineByHand(freshName('byhand'))
  const adopted = { id: await lab.machineByHand(freshName('byhand')), marker: newMarker(lab) }
  await driver.adopt(adopted.id, adopted.marker)
  return {
    create: (call) => driver.create(newMachine(lab), call),
    adopt: (call) => driver.adopt(byHand, newMarker(lab), call),
    release: (call) => driver.release(adopted, call),
    'power on': (call) => driver.power(machine, 'on', call),
    'power off': (call) => driver.power(running, 'off', call),
    shutdown: (call) => driver.power(running, 'shutdown', call),
    remove: (call) => driver.remove(machine, call),
    'remove a running one': (call) => driver.remove(running, call),
    'images.publish': (call) => driver.images.publish(candidate, as, call),
    'images.remove': (call) => driver.images.remove(image, call),
    ...(await changingFacets(lab)),
  }
}

async function changingFacets(lab: HypervisorLab): Promise<Calls> {
  const { readdress, snapshots } = lab.driver
  const machine = await makeMachine(lab)
  const snapshot = await snapshots?.create(machine, freshOperationId())
  return {
    ...(readdress && { readdress: (call) => readdress.set(machine, lab.networks(), call) }),
    ...(snapshots && { 'snapshots.create': (call) => snapshots.create(machine, freshOperationId(), call) }),
    ...(snapshots && snapshot && { 'snapshots.revert': (call) => snapshots.revert(machine, snapshot, call) }),
  }
}

/** Calls of a process that may not change anything any more. */
export const PERMIT_RULES: readonly HypervisorRule[] = [
  {
    id: 'HV-094',
    text: 'when permit throws, a call that would change something rejects with that error, and nothing has changed',
    since: '0.1.0',
    async run(lab) {
      const template = freshName('template')
      const calls = await changingCalls(lab, template)
      const before = await lab.driver.inventory({})
      const images = await lab.driver.images.list(template)
      await assertRefused(lab, calls)
      assert.deepEqual(await lab.driver.inventory({}), before)
      assert.deepEqual(await lab.driver.images.list(template), images)
    },
  },
]
