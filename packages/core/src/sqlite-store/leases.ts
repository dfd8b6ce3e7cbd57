import { isVmunitError } from '../errors/index.ts'
import { orAbort } from '../internal/abort.ts'
import { systemClock } from '../internal/system-clock.ts'
import type { AcquireOptions, Lease, StateStore } from '../ports/index.ts'
import { assertCount, assertName } from './check-arguments.ts'
import type { Connection } from './connection.ts'
import { createHeldLease, type HeldLease, MARGIN_PARTS } from './held-lease.ts'
import { createLeaseKeeper } from './lease-keeper.ts'
import { type LostLease, leaseName } from './lease-renewer.ts'
import { createLeaseRows, type Taken } from './lease-rows.ts'

const POLL_MS = 20
const SHORTEST_TTL_MS = 30

const WHY_LOST: Readonly<Record<LostLease['reason'], string>> = {
  replaced: 'another process has taken it over',
  expired: 'it was not renewed in time',
}

/** The leases of a store. */
export interface Leases extends Pick<StateStore, 'acquire' | 'holder'> {
  /** Gives back what is held, and ends the renewing. */
  close(): Promise<void>
}

/** Makes `acquire` and `holder` of the port. */
export function createLeases(connection: Connection): Leases {
  const { now, closed } = connection
  const rows = createLeaseRows(connection)
  const held = new Map<string, HeldLease>()
  const keeper = createLeaseKeeper(connection, {
    onLost: (lost) => {
      held.get(leaseName(lost))?.lose(WHY_LOST[lost.reason])
      held.delete(leaseName(lost))
    },
    onBroken: (cause) => {
      for (const lease of held.values()) lease.lose('the thread that renewed it has ended', cause)
      held.clear()
    },
  })

  function hold(key: string, ttlMs: number, taken: Taken): HeldLease {
    const { token } = taken
    const name = leaseName({ key, token })
    const lease = createHeldLease({
      key,
      token,
      ttlMs,
      now,
      takenAt: taken,
      release: async () => {
        held.delete(name)
        keeper.drop({ key, token })
        await rows.release(key, token)
      },
    })
    held.set(name, lease)
    keeper.hold({ key, token, ttlMs, buffer: lease.buffer })
    return lease
  }

  return {
    acquire: async (key, options) => {
      checkOptions(key, options)
      const signal = options.signal === undefined ? closed : AbortSignal.any([options.signal, closed])
      signal.throwIfAborted()
      await orAbort(keeper.ready(), signal)
      const taken = await takeWithin(key, { ...options, signal })
      // Closed in the same moment: nobody would renew it, so it ends by itself.
      closed.throwIfAborted()
      const lease = hold(key, options.ttlMs, taken)
      return await afterMargin(lease.lease, taken, signal)
    },
    holder: async (key, call) => {
      assertName(key, 'The key of a lease')
      return await rows.holder(key, call?.signal)
    },
    close: async () => {
      const given = [...held.values()].map(async ({ lease }) => await lease[Symbol.asyncDispose]())
      await Promise.all(given)
      await keeper.stop()
    },
  }

  async function takeWithin(key: string, options: AcquireOptions): Promise<Taken> {
    const deadline = now() + (options.waitMs ?? 0)
    while (true) {
      try {
        return await rows.take(key, options)
      } catch (error) {
        if (await endBlocker(key, options, error)) continue
        if (!isVmunitError(error, 'ERR_LOCKED') || now() >= deadline) throw error
      }
      await systemClock.sleep(POLL_MS, { signal: options.signal })
    }
  }

  /** True when the overdue holder kept everybody from writing because it is stopped, and was ended as the caller wished. */
  async function endBlocker(key: string, { takeover, signal }: AcquireOptions, error: unknown): Promise<boolean> {
    if (takeover !== 'kill' || !isVmunitError(error, 'ERR_STORE_BUSY')) return false
    const { pid, stopped } = error.details
    if (typeof pid !== 'number' || stopped !== true || !(await rows.isOverdue(key, pid, signal))) return false
    process.kill(pid, 'SIGKILL')
    return true
  }
}

/** A predecessor that did not give its lease back may be in its last call: it gets the time to notice. */
async function afterMargin(lease: Lease, { expiredTtlMs }: Taken, signal: AbortSignal): Promise<Lease> {
  if (expiredTtlMs === undefined) return lease
  try {
    await systemClock.sleep(expiredTtlMs / MARGIN_PARTS, { signal })
    return lease
  } catch (error) {
    await lease[Symbol.asyncDispose]()
    throw error
  }
}

function checkOptions(key: unknown, { owner, ttlMs, waitMs, takeover }: AcquireOptions): void {
  assertName(key, 'The key of a lease')
  assertName(owner, 'The owner of a lease')
  assertCount(ttlMs, SHORTEST_TTL_MS, 'ttlMs')
  if (waitMs !== undefined && !(waitMs >= 0)) throw new TypeError('waitMs must be a number from 0 on.')
  if (takeover !== undefined && takeover !== 'kill') throw new TypeError("takeover must be 'kill' or undefined.")
}
