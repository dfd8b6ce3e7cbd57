import { readFile } from 'node:fs/promises'
import type { Plan } from '@vmunit/core'
import { createManager } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { connectWorld } from '@vmunit/core/testing'

// Executes a plan that another process made: node execute-plan.ts <socket> <database> <plan file>
const [socket = '', database = '', file = ''] = process.argv.slice(2)
await using world = await connectWorld(socket, { caller: 'second process' })
await using store = openSqliteStore(database)
await using manager = createManager({
  hypervisors: { main: world.hypervisor },
  balancers: { edge: world.balancer },
  guests: world.guests,
  store,
  principal: { name: 'user_a', role: 'builder' },
})
const plan = JSON.parse(await readFile(file, 'utf8')) as Plan
const run = await manager.start(plan)
process.stdout.write(JSON.stringify({ run: run.id, result: await run.result() }))
