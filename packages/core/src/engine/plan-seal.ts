import { createHmac, timingSafeEqual } from 'node:crypto'

/** What only this manager can write under a plan: its hash alone, anybody can compute. */
export function sealOf(hash: string, key: string): string {
  return createHmac('sha256', key).update(hash).digest('base64url')
}

/** Whether a seal is the one of this hash. */
export function isSealOf(seal: string, hash: string, key: string): boolean {
  const [given, right] = [Buffer.from(seal), Buffer.from(sealOf(hash, key))]
  return given.length === right.length && timingSafeEqual(given, right)
}
