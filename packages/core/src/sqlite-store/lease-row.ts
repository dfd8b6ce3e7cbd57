import { VmunitError } from '../errors/index.ts'
import { sha256 } from '../internal/sha256.ts'

/** A lease as it is stored. The row stays when the lease ends. */
export interface LeaseRow {
  readonly key: string
  readonly token: number
  readonly owner: string
  readonly pid: number
  readonly process_start: string | null
  readonly since: number
  readonly renewed_at: number
  readonly expires_at: number
  readonly released: number
}

/** The columns of a lease, in the order of its table. */
export const LEASE_COLUMNS = 'key, token, owner, pid, process_start, since, renewed_at, expires_at, released, checksum'

/** Covers every column: a lease that would not end, or that two may hold, is noticed. */
export function leaseChecksum(row: LeaseRow): string {
  return sha256(
    JSON.stringify([
      row.key,
      row.token,
      row.owner,
      row.pid,
      row.process_start,
      row.since,
      row.renewed_at,
      row.expires_at,
      row.released,
    ]),
  )
}

/** The row, if it fits its checksum. */
export function verifiedLease(row: (LeaseRow & { readonly checksum: string }) | undefined): LeaseRow | undefined {
  if (row === undefined || row.checksum === leaseChecksum(row)) return row
  throw new VmunitError(
    'ERR_STORE_DAMAGED',
    `The lease of ${row.key} does not fit its checksum: make a sound copy with repairSqliteStore, or restore a backup.`,
    { details: { lease: row.key } },
  )
}
