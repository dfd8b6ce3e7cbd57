/**
 * What the main thread and the renewing thread share about one lease.
 *
 * The monotonic clock is `process.hrtime`, which all threads of a process read alike; it stands still while the
 * machine sleeps, the wall clock does not but can be set: each guards against the weakness of the other.
 */
export interface LeaseCells {
  readonly buffer: SharedArrayBuffer
  /** Says until when the lease is held, by both clocks. */
  extend(wallMs: number, monotonicMs: number): void
  /** What is left of it, by the clock that leaves less. */
  remainingMs(wallMs: number): number
  /** The main thread is alive, and its wall clock is this much ahead of the machine's. */
  tick(wallOffsetMs: number): void
  /** How long ago the main thread was alive. */
  sinceTickMs(): number
  wallOffsetMs(): number
}

const WALL_EXPIRY = 0
const MONOTONIC_EXPIRY = 1
const TICK = 2
const WALL_OFFSET = 3
const CELLS = 4
const NANOSECONDS = 1_000_000n

/** Milliseconds by the monotonic clock that the threads share. */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint() / NANOSECONDS)
}

/** Opens the cells of a lease; without a buffer, makes them. */
export function leaseCells(
  buffer: SharedArrayBuffer = new SharedArrayBuffer(CELLS * BigInt64Array.BYTES_PER_ELEMENT),
): LeaseCells {
  const cells = new BigInt64Array(buffer)
  const read = (cell: number): number => Number(Atomics.load(cells, cell))
  const write = (cell: number, value: number): void => {
    Atomics.store(cells, cell, BigInt(Math.floor(value)))
  }
  return {
    buffer,
    extend: (wallMs, monotonicMs) => {
      write(WALL_EXPIRY, wallMs)
      write(MONOTONIC_EXPIRY, monotonicMs)
    },
    remainingMs: (wallMs) => Math.min(read(WALL_EXPIRY) - wallMs, read(MONOTONIC_EXPIRY) - monotonicNow()),
    tick: (wallOffsetMs) => {
      write(TICK, monotonicNow())
      write(WALL_OFFSET, wallOffsetMs)
    },
    sinceTickMs: () => monotonicNow() - read(TICK),
    wallOffsetMs: () => read(WALL_OFFSET),
  }
}
