import { isVmunitError, VmunitError } from '../errors/index.ts'
import type { Lease } from '../ports/index.ts'
import { leaseCells } from './lease-cells.ts'

/** Part of a lease's time, before its expiry, in which nobody acts on it. */
export const MARGIN_PARTS = 6

/** A lease that this process holds, with what its store needs of it. */
export interface HeldLease {
  readonly lease: Lease
  readonly buffer: SharedArrayBuffer
  /** Ends it against the will of its holder. */
  lose(why: string, cause?: unknown): void
}

export interface HeldLeaseOptions {
  readonly key: string
  readonly token: number
  readonly ttlMs: number
  /** When it was taken, by the store's clock and by the monotonic one. */
  readonly takenAt: { readonly wallMs: number; readonly monotonicMs: number }
  readonly now: () => number
  /** Gives the row back; called once. */
  readonly release: () => Promise<void>
}

/** Makes the lease that the caller gets, and ticks for it while it is held. */
export function createHeldLease({ key, token, ttlMs, takenAt, now, release }: HeldLeaseOptions): HeldLease {
  const marginMs = ttlMs / MARGIN_PARTS
  const cells = leaseCells()
  const lost = new AbortController()
  let released: Promise<void> | undefined

  const tick = (): void => cells.tick(now() - Date.now())
  cells.extend(takenAt.wallMs + ttlMs, takenAt.monotonicMs + ttlMs)
  tick()
  const ticking = setInterval(tick, marginMs)
  ticking.unref()

  async function giveBack(): Promise<void> {
    clearInterval(ticking)
    try {
      await release()
    } catch (error) {
      // It expires by itself; a caller who is about to end can do no more about it.
      if (!isVmunitError(error, 'ERR_STORE_BUSY', 'ERR_UNAVAILABLE', 'ERR_CLOSED')) throw error
    }
  }

  return {
    buffer: cells.buffer,
    lease: {
      key,
      token,
      lost: lost.signal,
      isHeld: () => released === undefined && !lost.signal.aborted && cells.remainingMs(now()) > marginMs,
      [Symbol.asyncDispose]: async () => {
        released ??= giveBack()
        await released
      },
    },
    lose: (why, cause) => {
      if (released !== undefined) return
      clearInterval(ticking)
      const message = `The lease of ${key} is lost: ${why}. Resume the run from any process.`
      lost.abort(new VmunitError('ERR_LEASE_LOST', message, { cause, details: { key, token } }))
    },
  }
}
