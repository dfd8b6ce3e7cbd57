import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createManager, type Manager } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import type { DataCentre } from './data-centre.ts'

/** Everything the story plays with. */
export interface Site {
  readonly dataCentre: DataCentre
  /** Acts as user_a, who owns gyoumu_a. */
  readonly manager: Manager
  /** Also closes the data centre; `keep` leaves it up. */
  close(options: { readonly keep: boolean }): Promise<void>
}

/** Opens the store and a manager over a data centre; what an earlier start left is taken up again. */
export async function openSite(directory: string, dataCentre: DataCentre): Promise<Site> {
  await mkdir(directory, { recursive: true })
  const store = openSqliteStore(join(directory, 'vmunit.db'))
  const manager = createManager({
    ...dataCentre.drivers,
    store,
    principal: { name: 'user_a', role: 'builder' },
    timing: { leaseMs: 5_000, pollMs: 100 },
  })
  return {
    dataCentre,
    manager,
    async close(options) {
      await using closing = new AsyncDisposableStack()
      closing.defer(async () => await dataCentre.close(options))
      closing.use(store)
      // What is in flight still needs the data centre.
      closing.use(manager)
    },
  }
}
