import type { DatabaseSync } from 'node:sqlite'
import { leaseCells, monotonicNow } from './lease-cells.ts'
import { LEASE_COLUMNS, type LeaseRow, leaseChecksum, verifiedLease } from './lease-row.ts'

/** A lease to keep alive. */
export interface Renewal {
  readonly key: string
  readonly token: number
  readonly ttlMs: number
  /** Of its {@link LeaseCells}. */
  readonly buffer: SharedArrayBuffer
}

/** How a lease ended: another holder has it, or it was not renewed in time. */
export interface LostLease {
  readonly key: string
  readonly token: number
  readonly reason: 'replaced' | 'expired'
}

/** Renews leases every third of their time until they are dropped or lost. */
export interface LeaseRenewer {
  hold(renewal: Renewal): void
  drop(lease: { readonly key: string; readonly token: number }): void
  stop(): void
}

const RENEWALS_PER_TTL = 3
const TRIES_PER_TTL = 20

/** Renews through this connection. Runs in the lease worker, and in the main thread for a store in memory. */
export function createLeaseRenewer(database: DatabaseSync, onLost: (lost: LostLease) => void): LeaseRenewer {
  const timers = new Map<string, NodeJS.Timeout>()
  const select = database.prepare(`SELECT ${LEASE_COLUMNS} FROM lease WHERE key = ? AND token = ?`)
  // Only a row that nobody has changed since it was read: the old checksum says so.
  const update = database.prepare(
    'UPDATE lease SET renewed_at = ?, expires_at = ?, checksum = ? WHERE key = ? AND checksum = ?',
  )

  /** False when the lease is another holder's, given back, or expired. */
  function extend({ key, token, ttlMs }: Renewal, wall: number): boolean {
    const found = select.get(key, token) as unknown as (LeaseRow & { readonly checksum: string }) | undefined
    const row = verifiedLease(found)
    if (row === undefined || found === undefined || row.released !== 0 || row.expires_at <= wall) return false
    const next = { ...row, renewed_at: wall, expires_at: wall + ttlMs }
    return update.run(wall, wall + ttlMs, leaseChecksum(next), key, found.checksum).changes !== 0
  }

  function schedule(renewal: Renewal, ms: number): void {
    // A lease is no reason for a process to live on.
    timers.set(leaseName(renewal), setTimeout(renew, ms, renewal).unref())
  }

  function renew(renewal: Renewal): void {
    const { ttlMs, buffer } = renewal
    const cells = leaseCells(buffer)
    const wall = Date.now() + cells.wallOffsetMs()
    const monotonic = monotonicNow()
    try {
      if (cells.remainingMs(wall) <= 0) {
        lose(renewal)
      } else if (cells.sinceTickMs() > ttlMs) {
        // A holder that hangs must not keep what it does not use.
        schedule(renewal, ttlMs / TRIES_PER_TTL)
      } else if (!extend(renewal, wall)) {
        lose(renewal)
      } else {
        cells.extend(wall + ttlMs, monotonic + ttlMs)
        schedule(renewal, ttlMs / RENEWALS_PER_TTL)
      }
    } catch {
      // Locked, or a disk in trouble: tried again until the lease has expired.
      schedule(renewal, ttlMs / TRIES_PER_TTL)
    }
  }

  function lose(renewal: Renewal): void {
    timers.delete(leaseName(renewal))
    const { key, token } = renewal
    onLost({ key, token, reason: select.get(key, token) === undefined ? 'replaced' : 'expired' })
  }

  return {
    hold: (renewal) => {
      // Counted from the acquisition: this thread may have begun only now.
      const cells = leaseCells(renewal.buffer)
      const passedMs = renewal.ttlMs - cells.remainingMs(Date.now() + cells.wallOffsetMs())
      schedule(renewal, Math.max(0, renewal.ttlMs / RENEWALS_PER_TTL - passedMs))
    },
    drop: (lease) => {
      clearTimeout(timers.get(leaseName(lease)))
      timers.delete(leaseName(lease))
    },
    stop: () => {
      for (const timer of timers.values()) clearTimeout(timer)
      timers.clear()
    },
  }
}

/** Tells leases apart: a key has another token with each holder. */
export function leaseName({ key, token }: { readonly key: string; readonly token: number }): string {
  return `${token} ${key}`
}
