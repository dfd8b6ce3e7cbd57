import { createHash } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'

/** Down to here a large value is hashed part by part, so that the text of it never exists as a whole. */
const DEPTH = 5

/** An object with a longer list in it is large. */
const LONG = 32

/** So much text is hashed at once: each time costs something. */
const CHUNK = 65_536

/** Takes in the next piece of the text of a value. */
type Write = (text: string) => void

/** SHA-256 over the canonical JSON of a value, in lower-case hexadecimal. */
export function canonicalHash(value: unknown): string {
  const hash = createHash('sha256')
  let waiting = ''
  feed(value, DEPTH, (text) => {
    waiting += text
    if (waiting.length < CHUNK) return
    hash.update(waiting)
    waiting = ''
  })
  return hash.update(waiting).digest('hex')
}

function feed(value: unknown, depth: number, write: Write): void {
  if (depth === 0 || typeof value !== 'object' || value === null) write(canonicalJson(value))
  else if (Array.isArray(value)) feedArray(value, depth, write)
  else if (isLarge(value)) feedObject(value, depth, write)
  else write(canonicalJson(value))
}

function isLarge(value: object): boolean {
  return Object.values(value).some((member) => Array.isArray(member) && member.length > LONG)
}

function feedArray(value: readonly unknown[], depth: number, write: Write): void {
  let before = '['
  for (const member of value) {
    write(before)
    feed(member, depth - 1, write)
    before = ','
  }
  write(value.length === 0 ? '[]' : ']')
}

function feedObject(value: object, depth: number, write: Write): void {
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  members.sort(([a], [b]) => (a < b ? -1 : 1))
  let before = '{'
  for (const [key, member] of members) {
    write(`${before}${JSON.stringify(key)}:`)
    feed(member, depth - 1, write)
    before = ','
  }
  write(members.length === 0 ? '{}' : '}')
}
