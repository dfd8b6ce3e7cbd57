import { VmunitError } from '../errors/index.ts'
import type { AcquireOptions, LeaseHolder } from '../ports/index.ts'
import type { Connection } from './connection.ts'
import { monotonicNow } from './lease-cells.ts'
import { LEASE_COLUMNS, type LeaseRow, leaseChecksum, verifiedLease } from './lease-row.ts'
import { isAlive, isGone, ownProcessStart } from './process-identity.ts'

/** What an acquisition found and wrote. */
export interface Taken {
  readonly token: number
  /** When it was taken, by the store's clock and by the monotonic one. */
  readonly wallMs: number
  readonly monotonicMs: number
  /** How long the lease of a predecessor lasted that may still be at it: one that neither gave it back nor died. */
  readonly expiredTtlMs: number | undefined
}

/** The table of leases. A row stays when its lease ends, so that no token is used twice. */
export interface LeaseRows {
  holder(key: string, signal?: AbortSignal | undefined): Promise<LeaseHolder | undefined>
  /** Takes what is free, expired, or left by a dead process; `ERR_LOCKED` otherwise. */
  take(key: string, options: AcquireOptions): Promise<Taken>
  release(key: string, token: number): Promise<void>
  /** Whether a process is the holder of a lease that has expired; proved, not presumed. */
  isOverdue(key: string, pid: number, signal?: AbortSignal | undefined): Promise<boolean>
}

/** Works on the table through this connection. */
export function createLeaseRows({ database, read, write, now }: Connection): LeaseRows {
  const select = database.prepare(`SELECT ${LEASE_COLUMNS} FROM lease WHERE key = ?`)
  const replace = database.prepare('INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const processStart = ownProcessStart() ?? null
  const find = (key: string): LeaseRow | undefined =>
    verifiedLease(select.get(key) as (LeaseRow & { readonly checksum: string }) | undefined)

  function put(row: LeaseRow): void {
    const { key, token, owner, pid, process_start: start, since, released } = row
    replace.run(...[key, token, owner, pid, start, since, row.renewed_at, row.expires_at, released], leaseChecksum(row))
  }

  return {
    holder: async (key, signal) => {
      const row = await read(() => find(key), signal, { lease: key })
      if (row === undefined || row.expires_at <= now() || hasDied(row)) return undefined
      return { owner: row.owner, since: row.since, renewedAt: row.renewed_at, expiresAt: row.expires_at }
    },
    take: async (key, { owner, ttlMs, signal }) =>
      await write((transaction) => {
        const row = find(key)
        const ended = row === undefined || row.released === 1 || hasDied(row)
        if (!ended && row.expires_at > transaction.now) throw locked(key, row)
        const token = transaction.seal.nextToken()
        const { now } = transaction
        const monotonicMs = monotonicNow()
        const { pid } = process
        const times = { since: now, renewed_at: now, expires_at: now + ttlMs }
        put({ key, token, owner, pid, process_start: processStart, ...times, released: 0 })
        const expiredTtlMs = ended ? undefined : row.expires_at - row.renewed_at
        return { token, wallMs: now, monotonicMs, expiredTtlMs }
      }, signal),
    isOverdue: async (key, pid, signal) => {
      const row = await read(() => find(key), signal, { lease: key })
      if (row === undefined || row.pid !== pid || row.process_start === null) return false
      return row.released === 0 && row.expires_at <= now() && isAlive(pid, row.process_start)
    },
    release: async (key, token) => {
      await write((transaction) => {
        const row = find(key)
        if (row?.token === token) put({ ...row, expires_at: transaction.now, released: 1 })
      })
    },
  }
}

/** A dead process makes no call any more. */
function hasDied({ pid, process_start: start }: LeaseRow): boolean {
  return pid !== process.pid && start !== null && isGone(pid, start)
}

function locked(key: string, { owner, since, expires_at: expiresAt }: LeaseRow): VmunitError {
  return new VmunitError(
    'ERR_LOCKED',
    `${owner} holds the lease of ${key} until ${new Date(expiresAt).toISOString()}, unless it renews it: wait, or watch.`,
    { details: { key, owner, since, expiresAt }, retryable: true },
  )
}
