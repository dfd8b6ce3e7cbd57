import { openSqliteStore } from '@vmunit/core/sqlite-store'
import type { Fleet } from './fleet.ts'
import { UNIT } from './story.ts'

/** Puts a fault mark on a group by writing its record. */
export async function putMark(fleet: Fleet, group: string, unit = UNIT): Promise<void> {
  const store = openSqliteStore(fleet.storePath)
  try {
    const key = `group/${unit}/${group}`
    const [document] = await store.get([key])
    if (document === undefined) throw new Error(`no group ${group}`)
    const value = { ...(document.value as object), mark: { time: 1, comment: '調査中' } }
    await store.commit({ put: [{ key, revision: document.revision, value }] })
  } finally {
    await store.close()
  }
}
