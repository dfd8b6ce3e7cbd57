import { createHash, type Hash } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'

/** Down to here a value is hashed part by part, so that the text of a large one never exists as a whole. */
const DEPTH = 5

/** SHA-256 over the canonical JSON of a value, in lower-case hexadecimal. */
export function canonicalHash(value: unknown): string {
  const hash = createHash('sha256')
  feed(hash, value, DEPTH)
  return hash.digest('hex')
}

function feed(hash: Hash, value: unknown, depth: number): void {
  if (depth === 0 || typeof value !== 'object' || value === null) hash.update(canonicalJson(value))
  else if (Array.isArray(value)) feedArray(hash, value, depth)
  else feedObject(hash, value, depth)
}

function feedArray(hash: Hash, value: readonly unknown[], depth: number): void {
  let before = '['
  for (const member of value) {
    hash.update(before)
    feed(hash, member, depth - 1)
    before = ','
  }
  hash.update(value.length === 0 ? '[]' : ']')
}

function feedObject(hash: Hash, value: object, depth: number): void {
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  members.sort(([a], [b]) => (a < b ? -1 : 1))
  let before = '{'
  for (const [key, member] of members) {
    hash.update(`${before}${JSON.stringify(key)}:`)
    feed(hash, member, depth - 1)
    before = ','
  }
  hash.update(members.length === 0 ? '{}' : '}')
}
