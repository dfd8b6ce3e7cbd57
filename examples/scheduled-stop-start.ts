// Start and stop by a job scheduler: each job waits so long, and ends with the exit code of the original's commands.
import { createManager, exitClass, type Manager, type Operation, start, stop } from '@vmunit/core'
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

/** What a job of cron, systemd, JP1/AJS or any other scheduler does: its exit code is what this resolves to. */
async function job<Input, Output>(by: Manager, operation: Operation<Input, Output>, input: Input): Promise<number> {
  try {
    const run = await by.start(await by.plan(operation, input), { waitMs: 600_000 })
    const { state } = await run.state()
    // Not at its end in time: it goes on, and the job is repeated to see how it ended.
    if (state === 'running' || state === 'waiting') return 2
    return exitClass(await run.result())
  } catch (error) {
    return exitClass(error)
  }
}

const unit = 'gyoumu_a'
console.log(`every evening, stop: ${await job(manager, stop, { unit })}`)
console.log(`every morning, start: ${await job(manager, start, { unit })}`)

// Somebody has planned a stop that waits for an approval, and keeps the groups meanwhile.
const held = await manager.start(await manager.plan(stop, { unit }), { approval: 'required' })
console.log(`another run has the groups: ${await job(manager, stop, { unit })}`)
await held.cancel('not needed')

await world.admin.faults([{ call: 'guests.open', effect: { type: 'error', code: 'ERR_UNAUTHENTICATED' } }])
console.log(`no guest lets us in: ${await job(manager, stop, { unit })}`)
