// A driver for a hypervisor of one's own: the rules of the contract measure it, then a unit lives on it.
import { join } from 'node:path'
import {
  attachGroups,
  createManager,
  detachGroups,
  importDefinition,
  power,
  requestResources,
  scaleIn,
} from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { testHypervisorDriver } from '@vmunit/core/testing'
import { createSshAccess } from '@vmunit/driver-ssh'
import { readDefinition } from '@vmunit/xml-schema'
import { createBoxYard } from './custom-hypervisor/box-yard.ts'
import { createYardDriver } from './custom-hypervisor/yard-driver.ts'
import { openYardLab } from './custom-hypervisor/yard-lab.ts'

// The contract, with a test runner of one line. In a repository of your own pass { describe, it } of vitest or node:test.
const rules = new Map<string, () => Promise<void>>()
testHypervisorDriver({
  runner: { describe: (_name, body) => body(), it: (name, body) => rules.set(name, body) },
  create: async () => openYardLab(),
})
let passed = 0
for (const [name, measure] of rules) {
  await measure().then(
    () => (passed += 1),
    (error: unknown) => console.log(`✗ ${name}\n  ${String(error)}`),
  )
}
console.log(`${passed} of ${rules.size} rules of the contract are kept\n`)

// A yard with one image that a person made, and a manager. No guest is opened here: those of real boxes would be
// reached over SSH.
const yard = createBoxYard({ name: 'web-base:1', labels: {} })
await using hypervisor = createYardDriver(yard)
await using guests = createSshAccess({ username: 'root', privateKey: () => Promise.reject(new Error('no key here')) })
await using store = openSqliteStore(':memory:')
await using manager = createManager({
  hypervisors: { yard: hypervisor },
  guests,
  store,
  principal: { name: 'user_a', role: 'builder' },
})
await manager.templates.register({ name: 'web-base', hypervisor: 'yard', image: 'web-base:1' })
await manager.units.create({ name: 'gyoumu_a', hypervisor: 'yard' })
const { hash } = await manager.definitions.add(
  await readDefinition(join(import.meta.dirname, 'custom-hypervisor/definition')),
)
await manager.execute(importDefinition, { unit: 'gyoumu_a', definition: hash })

// The driver makes the machines, and attaching them writes our marker into them.
const wanted = [1, 2].map((number) => ({
  name: `vmgroup_${number}`,
  servers: [{ tierId: 'web', address: `192.168.1.10${number}` }],
}))
const { groups } = await manager.execute(requestResources, {
  request: { kind: 'provideServers', unit: 'gyoumu_a', template: 'web-base', version: 1, groups: wanted },
  from: Date.now(),
  until: Date.now() + 60_000,
  by: 'driver',
})
await show('provided')
await manager.execute(attachGroups, { unit: 'gyoumu_a', groups, adopt: true })
await show('attached')
await manager.execute(power, { unit: 'gyoumu_a', to: 'off' })
await manager.execute(scaleIn, { unit: 'gyoumu_a', groups: ['vmgroup_1'] })
await manager.execute(detachGroups, { unit: 'gyoumu_a', groups: ['vmgroup_2'] })
await show('vmgroup_1 scaled in, vmgroup_2 given back')

/** What the owner of the yard sees. */
async function show(when: string): Promise<void> {
  console.log(when)
  for (const { addresses, state, labels } of await yard.boxes()) {
    const [, , , slot = 'nobody'] = labels['vmunit']?.split('\n') ?? []
    console.log(`  ${addresses[0]}  ${state.padEnd(3)}  belongs to ${slot}`)
  }
}
