import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createManager, type Manager, type ManagerOptions, type Principal } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { openRawDatabase } from './raw-database.ts'

export const ADMINISTRATOR: Principal = { name: 'admin', role: 'administrator' }
export const USER_A: Principal = { name: 'user_a', role: 'builder' }
export const USER_B: Principal = { name: 'user_b', role: 'builder' }
export const RESOURCES: Principal = { name: 'user_r', role: 'resourceManager' }

export const PASSWORD = 'abcdefg8'

/** Ports that work but hold nothing, and tell which of their methods were called. */
export function countingPorts(): { readonly calls: string[] } & Pick<
  ManagerOptions,
  'hypervisors' | 'balancers' | 'guests'
> {
  const calls: string[] = []
  const port = (name: string): never =>
    new Proxy(
      {},
      {
        get: (_target, member) => async () => {
          calls.push(`${name}.${String(member)}`)
          return member === 'members' ? [] : { machines: [], blind: [] }
        },
      },
    ) as never
  return {
    calls,
    hypervisors: { main: port('hypervisor') },
    balancers: { edge: port('balancer') },
    guests: port('guests'),
  }
}

export interface Office extends AsyncDisposable {
  readonly storePath: string
  readonly calls: string[]
  /** In the name of the administrator. */
  readonly administrator: Manager
  /** Does work while another process holds the lock of the store. */
  whileLocked<T>(work: () => Promise<T>): Promise<T>
}

/** A manager without a fleet, on a database in a file. */
export async function openOffice(options: Partial<ManagerOptions> = {}): Promise<Office> {
  const directory = await mkdtemp(join(tmpdir(), 'vmunit-office-'))
  const storePath = join(directory, 'vmunit.db')
  const store = openSqliteStore(storePath, { busyTimeoutMs: 500 })
  const { calls, ...ports } = countingPorts()
  const administrator = createManager({ ...ports, store, principal: ADMINISTRATOR, ...options })
  return {
    storePath,
    calls,
    administrator,
    async whileLocked(work) {
      await administrator.units.list()
      const other = openRawDatabase(storePath)
      other.exec('BEGIN IMMEDIATE')
      try {
        return await work()
      } finally {
        other.close()
      }
    },
    async [Symbol.asyncDispose]() {
      await administrator.close()
      await store.close()
      await rm(directory, { recursive: true })
    },
  }
}
