// A server died: finds out what is at fault and what to do, and brings the server back on a new machine.
import { createManager, formatPlan, recoverServer } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { createWorld } from '@vmunit/core/testing'
import { buildSmallFleet } from './support/small-fleet.ts'

await using world = createWorld()
await using store = openSqliteStore(':memory:')
await using manager = createManager({
  hypervisors: { main: world.hypervisor },
  balancers: { edge: world.balancer },
  guests: world.guests,
  store,
  principal: { name: 'user_a', role: 'builder' },
  timing: { pollMs: 50 },
})
await buildSmallFleet(world, manager)

// The night: one machine is lost with its disk, another one has lost its power.
const [first, second] = await world.admin.machines()
if (first !== undefined) await world.admin.removeMachine(first.id)
if (second !== undefined) await world.admin.setPower(second.id, 'off')

// Looks at everything that a server needs, in the order in which one part needs the other. Changes nothing.
await diagnose()

// What is gone is replaced, at the same address and from the version that it had. What is only switched off still has
// its disk and is repaired where it is. Neither touches any other server.
const replace = { unit: 'gyoumu_a', server: '192.168.1.101', by: 'replace' } as const
const plan = await manager.plan(recoverServer, replace)
console.log(formatPlan(plan))
const run = await manager.start(plan)
await run.result()
await manager.execute(recoverServer, { unit: 'gyoumu_a', server: '192.168.1.102', by: 'repair' })
console.log()
await diagnose()

// Why the server is where it is now, for those who ask next week.
const { sentences } = await manager.explain(run.id, 'vmgroup_1/web/0')
console.log(sentences.join('\n'))

async function diagnose(): Promise<void> {
  const { findings, faults } = await manager.diagnose({ unit: 'gyoumu_a' })
  console.log(`${findings.length} findings, ${faults.length} faults`)
  for (const { part, server = 'all servers', says, remedy } of faults) {
    console.log(`  ${server}, ${part}: ${says}\n    ${remedy}`)
  }
  console.log()
}
