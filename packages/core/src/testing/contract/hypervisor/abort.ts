import assert from 'node:assert/strict'
import type { Call, HypervisorDriver, OwnedMachine } from '../../../ports/index.ts'
import {
  assertAborted,
  assertNoListeners,
  assertRejectsWithReason,
  type Calls,
  progressProbe,
} from '../assert-calls.ts'
import { freshName, freshOperationId } from '../fresh.ts'
import type { HypervisorLab, HypervisorRule } from '../hypervisor-lab.ts'
import { eventually, promptly } from '../promptly.ts'
import { addedIds, allIds, makeMachine, newMachine, newMarker } from './machines.ts'

/** Every call once, in an order in which each succeeds. */
export function hypervisorCalls(lab: HypervisorLab, driver: HypervisorDriver, things: CallSubjects): Calls {
  const spec = newMachine(lab)
  const as = { template: things.template, version: 1, operationId: freshOperationId() }
  const { machine, candidate, byHand, marker } = things
  return {
    inventory: (call) => driver.inventory({}, call),
    created: (call) => driver.created(spec, call),
    create: (call) => driver.create(spec, call),
    adopt: (call) => driver.adopt(byHand, marker, call),
    release: (call) => driver.release({ id: byHand, marker }, call),
    power: (call) => driver.power(machine, 'on', call),
    shutdown: (call) => driver.power(machine, 'shutdown', call),
    remove: (call) => driver.remove(machine, call),
    'images.list': (call) => driver.images.list(as.template, call),
    'images.published': (call) => driver.images.published(as, call),
    'images.publish': (call) => driver.images.publish(candidate, as, call),
    'images.remove': (call) => driver.images.remove('no-such-image', call),
  }
}

/** What {@link hypervisorCalls} acts on. */
export interface CallSubjects {
  readonly machine: OwnedMachine
  readonly candidate: OwnedMachine
  readonly byHand: string
  readonly marker: OwnedMachine['marker']
  readonly template: string
}

/** Makes what {@link hypervisorCalls} acts on. */
export async function callSubjects(lab: HypervisorLab): Promise<CallSubjects> {
  return {
    machine: await makeMachine(lab),
    candidate: await makeMachine(lab),
    byHand: await lab.machineByHand(freshName('byhand')),
    marker: newMarker(lab),
    template: freshName('template'),
  }
}

/** Calls that are given up, and calls that tell how far they are. */
export const ABORT_RULES: readonly HypervisorRule[] = [
  {
    id: 'HV-090',
    text: 'a signal that is aborted already makes every call reject with its reason, and changes nothing',
    since: '0.1.0',
    async run(lab) {
      const subjects = await callSubjects(lab)
      const before = await lab.driver.inventory({})
      await assertAborted(lab, hypervisorCalls(lab, lab.driver, subjects))
      assert.deepEqual(await lab.driver.inventory({}), before)
      assert.deepEqual(await lab.driver.images.list(subjects.template), [])
    },
  },
  {
    id: 'HV-091',
    text: 'an abort in the middle of create rejects at once with its reason; create again gives the one machine',
    since: '0.1.0',
    async run(lab) {
      const before = await allIds(lab)
      const spec = newMachine(lab)
      const stop = new AbortController()
      const reason = new Error('stop create')
      await lab.holdCreations(true)
      try {
        const creation = lab.driver.create(spec, { signal: stop.signal })
        creation.catch(() => {})
        await eventually(
          lab,
          async () => (await lab.driver.created(spec)).state,
          (state) => state === 'busy',
        )
        stop.abort(reason)
        await assertRejectsWithReason(lab, creation, reason)
      } finally {
        await lab.holdCreations(false)
      }
      const machine = await promptly(lab, lab.driver.create(spec))
      assert.deepEqual(await addedIds(lab, before), [machine.id])
    },
  },
  {
    id: 'HV-092',
    text: 'no call leaves a listener on its signal',
    since: '0.1.0',
    async run(lab) {
      await assertNoListeners(lab, hypervisorCalls(lab, lab.driver, await callSubjects(lab)))
    },
  },
  {
    id: 'HV-093',
    text: 'progress lies in 0..1 and never falls',
    since: '0.1.0',
    async run(lab) {
      const calls = hypervisorCalls(lab, lab.driver, await callSubjects(lab))
      for (const begin of Object.values(calls)) {
        const probe = progressProbe()
        const call: Call = { onProgress: probe.onProgress }
        await begin(call)
        probe.check()
      }
    },
  },
]
