// One person plans, a second one with an account and rights approves exactly that plan, and then it runs.
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
  principal: { name: 'admin', role: 'administrator' },
  timing: { pollMs: 50 },
})

// Everybody has an account, and proves who it is. From here on nobody works with the rights of the program itself.
await manager.accounts.changePassword({ name: 'admin', next: 'only the admin knows' })
await manager.accounts.create({ name: 'user_a', password: 'what user_a knows' })
const builder = await manager.authenticate('user_a', 'what user_a knows')
await buildSmallFleet(world, builder)

const commands = [['dnf', '-y', 'upgrade', '--security']] as const
const { version } = await builder.execute(patchTemplate, { template: 'web-base', commands })

// The plan names every server and says why. It is plain JSON, and nothing has changed yet.
const plan = await builder.plan(applyTemplate, { unit: 'gyoumu_a', template: version })
console.log(`${formatPlan(plan)}\n`)
const letter = JSON.stringify(plan)

// Whoever receives it can start exactly this plan, and nothing else.
const received: Plan<FleetResult> = JSON.parse(letter)
const edited: Plan<FleetResult> = { ...received, claims: [] }
await refused('an edited plan', builder.start(edited))
const run = await builder.start(received, { approval: 'required' })

// The run keeps its groups, but no process holds it: it may wait for days.
const { waitingFor } = await run.until('waiting')
console.log(`the run waits for ${waitingFor}`)
const [request] = await manager.requests.list()
const answer = { approve: true, planHash: plan.hash }

// Nobody approves the own request, and nobody something else than was asked.
const second = await manager.authenticate('admin', 'only the admin knows')
await refused('user_a approves', builder.answer(request?.id ?? '', answer))
await refused('another plan is approved', second.answer(request?.id ?? '', { ...answer, planHash: 'another' }))
await refused('a wrong password', manager.authenticate('admin', 'guessed'))

// The second person reads what is asked, compares the hash with that of the plan that was read, and answers for good.
console.log(`\n${request?.requestedBy} asks: ${request?.text}`)
if (request?.planHash === received.hash) await second.answer(request.id, { ...answer, note: 'during the night' })
await refused('answered twice', second.answer(request?.id ?? '', answer))

const { outcomes } = await run.result()
for (const { server, status } of outcomes) console.log(`${server}: ${status}`)

async function refused(what: string, attempt: Promise<unknown>): Promise<void> {
  await attempt.catch((error: unknown) => console.log(`${what}: ${isVmunitError(error) ? error.code : String(error)}`))
}
