import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAddressPool } from '../../../src/manager/address-pool.ts'
import type { StateStore } from '../../../src/ports/index.ts'
import { openSqliteStore } from '../../../src/sqlite-store/index.ts'
import type { AddressPoolLab } from '../../../src/testing/index.ts'

const REST_MS = 60_000
const NETWORKS = [
  { name: 'management', addresses: ['192.168.1.201', '192.168.1.202', '192.168.1.203'] },
  { name: 'service', addresses: ['192.168.2.201', '192.168.2.202'] },
] as const

/** The pool in the store, in a database of its own. */
export async function openStoreAddressPoolLab(): Promise<AddressPoolLab> {
  const directory = await mkdtemp(join(tmpdir(), 'vmunit-pool-'))
  let aheadMs = 0
  const stores: StateStore[] = []
  const networks = Object.fromEntries(NETWORKS.map(({ name, addresses }) => [name, addresses]))
  const open = (): AddressPoolLab['pool'] => {
    const store = openSqliteStore(join(directory, 'store.db'), { clock: { now: () => Date.now() + aheadMs } })
    stores.push(store)
    return createAddressPool({ store, networks, restMs: REST_MS })
  }
  return {
    pool: open(),
    reopen: async () => open(),
    networks: NETWORKS,
    rest: async () => {
      aheadMs += REST_MS
    },
    close: async () => {
      await Promise.all(stores.map(async (store) => await store.close()))
      await rm(directory, { recursive: true })
    },
  }
}
