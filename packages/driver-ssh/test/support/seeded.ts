/** Random numbers that a seed repeats. The name of a test prints the seed. */
export interface Seeded {
  readonly seed: number
  /** From 0 to `below` - 1. */
  int(below: number): number
  bytes(length: number): Buffer
}

export function seeded(seed: number = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))): Seeded {
  let state = seed >>> 0
  function int(below: number): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
  return { seed, int, bytes: (length) => Buffer.from(Array.from({ length }, () => int(256))) }
}
