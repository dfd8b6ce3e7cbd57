import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createManager, type Manager } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import type { World } from '@vmunit/core/testing'
import { openDataCentre } from './data-centre.ts'

/** Everything the story plays with. */
export interface Site {
  readonly world: World
  /** Acts as user_a, who owns gyoumu_a. */
  readonly manager: Manager
  close(options: { readonly keepWorld: boolean }): Promise<void>
}

/** Opens the data centre, the store and a manager over both; what an earlier start left is taken up again. */
export async function openSite(directory: string): Promise<Site> {
  await mkdir(directory, { recursive: true })
  await using opened = new AsyncDisposableStack()
  const store = opened.use(openSqliteStore(join(directory, 'vmunit.db')))
  const world = opened.use(await openDataCentre(directory))
  const manager = opened.use(
    createManager({
      hypervisors: { main: world.hypervisor },
      balancers: { edge: world.balancer },
      guests: world.guests,
      store,
      principal: { name: 'user_a', role: 'builder' },
      timing: { leaseMs: 5_000, pollMs: 100 },
    }),
  )
  const open = opened.move()
  return {
    world,
    manager,
    async close({ keepWorld }) {
      await using _rest = open
      // What is in flight still needs the data centre.
      await manager.close()
      if (!keepWorld) await world.stop()
    },
  }
}
