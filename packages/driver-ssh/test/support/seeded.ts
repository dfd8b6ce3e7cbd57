import { seededRandom } from '@vmunit/testbed'

/** Random numbers that a seed repeats. The name of a test prints the seed. */
export interface Seeded {
  readonly seed: number
  /** From 0 to `below` - 1. */
  int(below: number): number
  bytes(length: number): Buffer
}

export function seeded(seed: number = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))): Seeded {
  const random = seededRandom(seed)
  const int = (below: number): number => Math.floor(random() * below)
  return { seed, int, bytes: (length) => Buffer.from(Array.from({ length }, () => int(256))) }
}
