import { createManager } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { createWorld } from '@vmunit/core/testing'
import { createWebhookNotifier } from '../../../src/index.ts'

// Delivers everything to a web hook, until it is killed or done.
const [storePath = '', url = ''] = process.argv.slice(2)
const world = createWorld()
const store = openSqliteStore(storePath)
const manager = createManager({
  hypervisors: { main: world.hypervisor },
  guests: world.guests,
  store,
  principal: { name: 'admin', role: 'administrator' },
  timing: { leaseMs: 1_000, pollMs: 50 },
})
await manager.notices.deliver('hook', createWebhookNotifier({ url, plaintext: true }))
await manager.close()
await store.close()
await world.close()
