import assert from 'node:assert/strict'
import type { HypervisorDriver } from '../../../ports/index.ts'
import { assertClosed } from '../assert-calls.ts'
import type { HypervisorRule } from '../hypervisor-lab.ts'
import { callSubjects, hypervisorCalls } from './abort.ts'
import { getMachine, makeMachine } from './machines.ts'

/** The parts of {@link HypervisorDriver} that a driver may lack. */
export const HYPERVISOR_FACETS = [
  'changes',
  'readdress',
  'snapshots',
  'limits',
  'diagnostics',
] as const satisfies readonly (keyof HypervisorDriver)[]

/** What a driver is, and its end. */
export const LIFECYCLE_RULES: readonly HypervisorRule[] = [
  {
    id: 'HV-001',
    text: 'the driver has exactly the facets that are declared',
    since: '0.1.0',
    async run(lab, facets) {
      const present = HYPERVISOR_FACETS.filter((facet) => lab.driver[facet] !== undefined)
      // Whether it can choose the failure domain, a driver shows by what it does.
      const parts = facets.filter((facet) => facet !== 'failureDomains')
      assert.deepEqual(present.toSorted(), parts.toSorted())
    },
  },
  {
    id: 'HV-002',
    text: 'the driver says what kind it is',
    since: '0.1.0',
    async run(lab) {
      assert.match(lab.driver.kind, /\S/)
    },
  },
  {
    id: 'HV-100',
    text: 'closing twice succeeds, and every later call rejects with ERR_CLOSED',
    since: '0.1.0',
    async run(lab) {
      const subjects = await callSubjects(lab)
      const driver = await lab.reopen()
      await driver.close()
      await driver.close()
      await driver[Symbol.asyncDispose]()
      await assertClosed(lab, hypervisorCalls(lab, driver, subjects))
    },
  },
  {
    id: 'HV-101',
    text: 'closing one driver disturbs neither machines nor other drivers',
    since: '0.1.0',
    async run(lab) {
      const machine = await makeMachine(lab)
      await lab.driver.power(machine, 'on')
      const driver = await lab.reopen()
      await driver.inventory({})
      await driver.close()
      assert.equal((await getMachine(lab, machine.id)).power, 'on')
    },
  },
]
