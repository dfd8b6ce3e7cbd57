/** Numbers that a seed repeats. */
export interface Random {
  /** A whole number from 0 up to `limit`, without it. */
  below(limit: number): number
}

/** Mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return {
    below(limit) {
      state = (state + 0x6d2b79f5) >>> 0
      let bits = Math.imul(state ^ (state >>> 15), state | 1)
      bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
      return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 0x1_0000_0000) * limit)
    },
  }
}

/** The seed of this run of the tests: given, or drawn; printed in either case. */
export function baseSeed(): number {
  const seed = Number(process.env['VMUNIT_SEED'] ?? Date.now() % 1_000_000)
  console.log(`VMUNIT_SEED=${seed}`)
  return seed
}
