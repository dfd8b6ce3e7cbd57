import { createManager, stop } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { connectWorld } from '@vmunit/core/testing'

// Stops a unit and waits for its connections to end: node slow-run.ts <socket> <database> <unit> [approval]
const [socket = '', database = '', unit = '', asks] = process.argv.slice(2)
await using world = await connectWorld(socket, { caller: 'slow process' })
await using store = openSqliteStore(database)
await using manager = createManager({
  hypervisors: { main: world.hypervisor },
  balancers: { edge: world.balancer },
  guests: world.guests,
  store,
  principal: { name: 'user_a', role: 'builder' },
  timing: { leaseMs: 600, pollMs: 50, noticeMs: 100 },
})
const run = await manager.start(await manager.plan(stop, { unit }), {
  approval: asks === 'approval' ? 'required' : undefined,
})
process.stdout.write(`${run.id}\n`)
const end = await run.result().then(
  () => 'succeeded',
  (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
)
process.stdout.write(`${end}\n`)
