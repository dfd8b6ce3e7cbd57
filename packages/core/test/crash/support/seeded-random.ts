/** Random numbers that a seed repeats. */
export interface Random {
  /** From 0 up to `limit`, without it. */
  below(limit: number): number
  pick<T>(items: readonly T[]): T
  chance(probability: number): boolean
}

/** Mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 0x1_0000_0000
  }
  return {
    below: (limit) => Math.floor(next() * limit),
    pick(items) {
      const item = items[Math.floor(next() * items.length)]
      if (item === undefined) throw new Error('There is nothing to pick from.')
      return item
    },
    chance: (probability) => next() < probability,
  }
}

/** The seed of this run of the tests: given, or drawn; printed in either case. */
export function baseSeed(): number {
  const seed = Number(process.env['VMUNIT_SEED'] ?? Date.now() % 1_000_000)
  console.log(`VMUNIT_SEED=${seed}`)
  return seed
}
