import { applyTemplate, createManager, type StateStore } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { connectWorld } from '@vmunit/core/testing'
import { endWithParent } from '../support/end-with-parent.ts'
import { UNIT } from '../support/fleet-parts.ts'
import type { HolderTask } from '../support/holder.ts'
import { TIMING } from '../support/timing.ts'

// A manager with as many operations in flight as it may have: node lease-holder.ts <task as JSON>
endWithParent()
const { socket, database, guarded } = JSON.parse(process.argv[2] ?? '') as HolderTask

/** A store whose leases say that they are held, whatever happens: nobody is told of the loss but by a commit. */
function withoutGuard(store: StateStore): StateStore {
  return {
    ...store,
    async acquire(key, options) {
      const lease = await store.acquire(key, options)
      return {
        key: lease.key,
        token: lease.token,
        lost: new AbortController().signal,
        isHeld: () => true,
        [Symbol.asyncDispose]: async () => await lease[Symbol.asyncDispose](),
      }
    },
  }
}

await using world = await connectWorld(socket, { caller: 'holder' })
await using store = openSqliteStore(database)
await using manager = createManager({
  hypervisors: { main: world.hypervisor },
  balancers: { edge: world.balancer },
  guests: world.guests,
  store: guarded ? store : withoutGuard(store),
  principal: { name: 'user_a', role: 'builder' },
  timing: TIMING,
})
const run = await manager.start(
  await manager.plan(applyTemplate, {
    unit: UNIT,
    template: { template: 'web-base', version: 2 },
    waves: [{ groups: '100%' }],
    allowOutage: true,
  }),
)
process.stdout.write(`${run.id}\n`)
await run.result()
