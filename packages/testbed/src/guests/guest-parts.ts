import type { GuestProcesses } from './boot-guest.ts'
import type { Disks } from './disks.ts'
import type { GuestSettings } from './guest-settings.ts'
import type { Keeper } from './keeper.ts'
import type { Plug } from './write-seed.ts'

/** What a host knows about one guest. */
export interface GuestRecord {
  readonly id: string
  settings: GuestSettings | undefined
  processes: GuestProcesses | undefined
  plug: Plug
  /** While a boot or an end of the host's own making goes on, an end is no news. */
  expected: boolean
}

/** What the parts of a host share. */
export interface GuestParts {
  readonly keeper: Keeper
  readonly disks: Disks
  readonly records: Map<string, GuestRecord>
  /** What is done to one guest is done in turn. */
  readonly queue: <T>(id: string, task: () => Promise<T>) => Promise<T>
}

/** The record of a guest, which begins when it is first spoken of. */
export function recordOf({ records }: Pick<GuestParts, 'records'>, id: string): GuestRecord {
  const known = records.get(id)
  if (known !== undefined) return known
  if (!/^\w[\w.-]*$/.test(id)) throw new Error(`"${id}" cannot be a guest: use letters, digits, dots and dashes.`)
  const plug = { unplugged: false, silent: false }
  const record = { id, settings: undefined, processes: undefined, plug, expected: false }
  records.set(id, record)
  return record
}
