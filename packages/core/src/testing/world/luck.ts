/**
 * A number in 0..1 that depends on nothing but its arguments: the n-th throw of one of several dice.
 *
 * Having no state of its own, it goes on where it was after a restart.
 */
export function luck(seed: number, die: number, throwNumber: number): number {
  let bits =
    (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(die + 1, 0x85ebca77) ^ Math.imul(throwNumber, 0xc2b2ae3d)) >>> 0
  for (const factor of [0x2c1b3c6d, 0x297a2d39]) {
    bits = Math.imul(bits ^ (bits >>> 15), factor) >>> 0
  }
  return ((bits ^ (bits >>> 16)) >>> 0) / 0x1_0000_0000
}
