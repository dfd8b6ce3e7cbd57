import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createManager, type Manager } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { createWorld } from '@vmunit/core/testing'

export interface SmallFleet extends AsyncDisposable {
  readonly manager: Manager
  readonly administrator: Manager
  readonly storePath: string
}

/** A simulated world with one template and an empty unit. */
export async function createSmallFleet(): Promise<SmallFleet> {
  const directory = await mkdtemp(join(tmpdir(), 'vmunit-notify-'))
  const storePath = join(directory, 'vmunit.db')
  const world = createWorld()
  const store = openSqliteStore(storePath)
  const manager = createManager({
    hypervisors: { main: world.hypervisor },
    guests: world.guests,
    store,
    principal: { name: 'user_a', role: 'builder' },
    timing: { leaseMs: 2_000, pollMs: 50 },
  })
  const image = await world.admin.addImage({ template: 'web-base', version: 1, files: {} })
  await manager.templates.register({ name: 'web-base', hypervisor: 'main', image })
  await manager.units.create({ name: 'gyoumu_a', hypervisor: 'main' })
  return {
    manager,
    storePath,
    administrator: manager.as({ name: 'admin', role: 'administrator' }),
    async [Symbol.asyncDispose]() {
      await manager.close()
      await store.close()
      await world.close()
      await rm(directory, { recursive: true })
    },
  }
}
