// Brings a template to a whole unit at once, in a maintenance window in which nobody is served.
import { applyTemplate, createManager, formatPlan, isVmunitError, patchTemplate } from '@vmunit/core'
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

const commands = [['dnf', '-y', 'upgrade', '--security']] as const
const { version } = await manager.execute(patchTemplate, { template: 'web-base', commands })

// Everything stops before anything is replaced: that takes the last group out of service, so it has to be said.
const whole = { unit: 'gyoumu_a', template: version, whole: true } as const
const refused: unknown = await manager.plan(applyTemplate, whole).catch((error: unknown) => error)
if (isVmunitError(refused)) console.log(`without allowOutage: ${refused.code}\n`)

// Each part is a phase of its own: none begins before the one before is done for all groups.
const plan = await manager.plan(applyTemplate, { ...whole, allowOutage: true })
console.log(`${formatPlan(plan)}\n`)

const from = (await world.admin.log()).length
const run = await manager.start(plan)
const { outcomes } = await run.result()
for (const { server, status } of outcomes) console.log(`${server}: ${status}`)

// The log of the data centre says when how many servers were reachable for users.
const serving = new Set((await manager.units.servers('gyoumu_a')).map(({ slot }) => slot))
const counts = [serving.size]
for (const event of await world.admin.log({ from })) {
  if (event.type !== 'serving' || event.slot === null) continue
  if (event.serving) serving.add(event.slot)
  else serving.delete(event.slot)
  counts.push(serving.size)
}
console.log(`\nservers that served, change by change: ${counts.join(' ')}`)
