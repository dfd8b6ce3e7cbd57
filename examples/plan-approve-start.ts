// One person plans, a second approves exactly that plan, and then it runs.
import {
  applyTemplate,
  createManager,
  type FleetResult,
  formatPlan,
  isVmunitError,
  type Plan,
  patchTemplate,
} from '@vmunit/core'
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

// The plan names every server and says why. It is plain JSON, and nothing has changed yet.
const waves = [{ groups: 1, soakMs: 1_000 }, { groups: '50%' }] as const
const plan = await manager.plan(applyTemplate, { unit: 'gyoumu_a', template: version, waves })
console.log(formatPlan(plan))
const letter = JSON.stringify(plan)

// Whoever receives it can start exactly this plan, and nothing else.
const received: Plan<FleetResult> = JSON.parse(letter)
const edited: Plan<FleetResult> = { ...received, claims: [] }
await manager.start(edited).catch((error: unknown) => console.log(`\nan edited plan: ${codeOf(error)}`))
const run = await manager.start(received, { approval: 'required' })

// The run keeps its groups, but no process holds it: it may wait for days.
for await (const { type } of run.events()) if (type === 'run.waiting') break
const { waitingFor, request = '' } = await run.state()
console.log(`the run waits for ${waitingFor}`)

// Nobody approves the own request. The approval is bound to the hash of the plan that the second person read.
const approval = { approve: true, planHash: plan.hash }
await manager.answer(request, approval).catch((error: unknown) => console.log(`user_a approves: ${codeOf(error)}`))
await manager.as({ name: 'user_b', role: 'administrator' }).answer(request, approval)
console.log('user_b approves')

const { outcomes } = await run.result()
for (const { server, status } of outcomes) console.log(`${server}: ${status}`)

function codeOf(error: unknown): string {
  return isVmunitError(error) ? error.code : String(error)
}
