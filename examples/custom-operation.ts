// An operation of one's own: planned, interrupted and resumed by the same engine as the built-in ones.
import { createManager, formatPlan, type ManagerOptions } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { createWorld } from '@vmunit/core/testing'
import { createInstallPackage } from './custom-operation/install-package.ts'
import { createLogBook } from './custom-operation/log-book.ts'
import { buildSmallFleet } from './support/small-fleet.ts'

await using world = createWorld({ latencyMs: { exec: 20 } })
await using store = openSqliteStore(':memory:')
const logBook = createLogBook()
const installPackage = createInstallPackage(logBook)
const options: ManagerOptions = {
  hypervisors: { main: world.hypervisor },
  balancers: { edge: world.balancer },
  guests: world.guests,
  store,
  principal: { name: 'user_a', role: 'builder' },
  operations: [installPackage],
  timing: { pollMs: 50 },
}

// The first manager begins, and is closed as soon as the first group is done: a restart in the middle of the work.
const first = createManager(options)
await buildSmallFleet(world, first)
const plan = await first.plan(installPackage, { unit: 'gyoumu_a', package: 'monitoring-agent' })
console.log(formatPlan(plan))
const begun = await first.start(plan)
for await (const { type } of begun.events()) if (type === 'change.done') break
await first.close()

// The next one finds the operation by its name, looks what is there, and goes on.
await using second = createManager(options)
for (const run of await second.resume()) {
  console.log(`\nresumed ${run.plan.operation.name}`)
  console.log(await run.result())
}

console.log('\nIn the log book:')
for (const line of logBook.lines()) console.log(`  ${line}`)
console.log('\nOn the servers:')
for (const { id, addresses } of await world.admin.machines()) {
  const installed = await world.admin.readFile(id, '/var/log/packages.log')
  console.log(`  ${addresses[0]}: ${installed?.trim()}`)
}
