/** A sequence of numbers in [0, 1) that is the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What tests draw from such a sequence; each draw takes one number of it. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** A whole number from 0 up to `limit`, without it. */
  below(limit: number): number
  /** A whole number from `from` to `to`, both included. */
  int(from: number, to: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
}

/** Draws that a seed repeats. */
export function randomOf(seed: number): Random {
  const next = seededRandom(seed)
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    next,
    below,
    int: (from, to) => from + below(to - from + 1),
    chance: (probability) => next() < probability,
    pick<T>(items: readonly T[]): T {
      if (items.length === 0) throw new RangeError('There is nothing to pick from.')
      return items[below(items.length)] as T
    },
  }
}

/** The seed of this run of the tests: given by `VMUNIT_SEED`, or drawn; printed in either case. */
export function baseSeed(): number {
  const seed = Number(process.env['VMUNIT_SEED'] ?? Math.floor(Math.random() * 1_000_000))
  process.stdout.write(`VMUNIT_SEED=${seed}\n`)
  return seed
}
