// A report about a unit: what it is, what was last done with each server, what is seen of it now, and what a plan says.
import { applyTemplate, createManager, formatPlan, mark, patchTemplate, power, stop } from '@vmunit/core'
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

// A day in the life of the unit: one group is stopped on purpose, and one loses its power.
await manager.execute(stop, { unit: 'gyoumu_a', groups: ['vmgroup_2'] })
await manager.execute(power, { unit: 'gyoumu_a', groups: ['vmgroup_2'], to: 'off' })
await manager.execute(mark, { unit: 'gyoumu_a', group: 'vmgroup_2', comment: '調査中: slow since Monday' })
const [, , third] = await world.admin.machines()
if (third !== undefined) await world.admin.setPower(third.id, 'off')

// What the unit is: from the records only.
const { name, owner, tiers = [] } = await manager.units.info('gyoumu_a')
console.log(`Unit ${name}, owner ${owner}, tiers ${tiers.map(({ id, type }) => `${id} (${type})`).join(', ')}`)

// How it is: the records beside what hypervisors, guests and balancers show at this moment. Nothing is changed, and
// what does not answer is part of the answer.
const status = await manager.units.status('gyoumu_a')
const { allServers, activeServers, invalidServers, definition } = status
console.log(`${activeServers} of ${allServers} servers serve, ${invalidServers} with a hint of a fault`)
console.log(`The definition directory is ${definition === 'reflected' ? 'on every server' : definition}\n`)

const row = (cells: readonly string[]): string => `  ${cells.map((cell) => cell.padEnd(15)).join('')}`.trimEnd()
console.log(row(['address', 'group', 'recorded', 'seen', 'machine', 'balancer', 'to update']))
for (const { address, group, logical, observed, machine, balancer, updateScope, hint } of status.servers) {
  console.log(row([address, group, logical, observed, machine, balancer, updateScope]))
  if (hint !== undefined) console.log(`    ${hint}`)
}
for (const group of status.groups) {
  if (group.mark !== undefined) console.log(`\n${group.name} is marked: ${group.mark.comment}`)
}

// What has been done, from the journals.
console.log('\nRuns, newest first')
const runs = await Array.fromAsync(manager.runs({ unit: 'gyoumu_a' }))
for (const run of runs.toReversed()) {
  const { state, waitingFor } = await run.state()
  console.log(
    `  ${run.plan.operation.name.padEnd(18)}${state}${waitingFor === undefined ? '' : `, waits for ${waitingFor}`}`,
  )
}

// What would be done: a plan looks and changes nothing, so it can be made for a report alone.
const commands = [['dnf', '-y', 'upgrade', '--security']] as const
const { version } = await manager.execute(patchTemplate, { template: 'web-base', commands })
const plan = await manager.plan(applyTemplate, { unit: 'gyoumu_a', template: version, allowOutage: true })
console.log(`\nIf web-base ${version.version} were rolled out\n${formatPlan(plan)}`)
