import { createHash } from 'node:crypto'

/** The id that a machine of this operation is to get: always the same one, so that its marker is written with it. */
export function instanceUuidOf(operationId: string): string {
  const digest = createHash('sha256').update(`vmunit machine ${operationId}`).digest()
  // Version 8 and variant bits: made from a name by a rule of our own.
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80
  const hex = digest.toString('hex', 0, 16)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
