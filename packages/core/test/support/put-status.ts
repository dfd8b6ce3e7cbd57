import type { LogicalStatus, Plain, VirtualServer } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import type { Fleet } from './fleet.ts'
import { UNIT } from './story.ts'

/** Statuses in which a server does not reflect the registered definition. */
const UNBUILT: ReadonlySet<LogicalStatus> = new Set(['initial', 'updating', 'fault(updating)'])

/** Writes into the records what a crash, a fault or a person may have left behind; the world stays as it is. */
export async function putStatus(fleet: Fleet, group: string, status: LogicalStatus): Promise<void> {
  const store = openSqliteStore(fleet.storePath)
  try {
    const key = `group/${UNIT}/${group}`
    const [document] = await store.get([key])
    if (document === undefined) throw new Error(`no group ${group}`)
    const record = document.value as unknown as { readonly servers: readonly VirtualServer[] }
    const servers = record.servers.map((server) => ({
      ...server,
      status,
      traffic: status === 'working' ? 'in' : 'out',
      definitionHash: UNBUILT.has(status) ? undefined : server.definitionHash,
    }))
    const value = JSON.parse(JSON.stringify({ ...record, servers })) as Plain
    await store.commit({ put: [{ key, revision: document.revision, value }] })
  } finally {
    await store.close()
  }
}
