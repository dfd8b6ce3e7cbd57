import { createHmac, timingSafeEqual } from 'node:crypto'
import { type HostKey, tryHostKey } from './host-key.ts'

/** What a file of known hosts says about one server. */
export interface KnownHost {
  readonly keys: readonly HostKey[]
  readonly revoked: readonly HostKey[]
  /** Whether a certificate authority vouches for it; certificates are not supported. */
  readonly authority: boolean
}

/**
 * Looks a server up in the text of a `known_hosts` file: plain and hashed names, patterns, `[host]:port`,
 * `@revoked` and `@cert-authority`. Lines that are not understood vouch for nothing.
 */
export function lookUpKnownHost(text: string, host: string, port: number): KnownHost {
  const name = (port === 22 ? host : `[${host}]:${port}`).toLowerCase()
  const keys: HostKey[] = []
  const revoked: HostKey[] = []
  let authority = false
  for (const line of text.split(/\r?\n/)) {
    const fields = line.trim().split(/\s+/)
    const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined
    const [names, ...rest] = fields
    if (names === undefined || names === '' || names.startsWith('#') || !matches(names, name)) continue
    const key = tryHostKey(rest.join(' '))
    if (key === undefined) continue
    if (marker === undefined) keys.push(key)
    else if (marker === '@revoked') revoked.push(key)
    else if (marker === '@cert-authority') authority = true
  }
  return { keys, revoked, authority }
}

function matches(names: string, name: string): boolean {
  if (names.startsWith('|')) return matchesHash(names, name)
  const patterns = names.toLowerCase().split(',')
  const negated = patterns.filter((pattern) => pattern.startsWith('!'))
  if (negated.some((pattern) => matchesPattern(pattern.slice(1), name))) return false
  return patterns.some((pattern) => matchesPattern(pattern, name))
}

function matchesHash(names: string, name: string): boolean {
  const [, version, salt, hash] = names.split('|')
  if (version !== '1' || salt === undefined || hash === undefined) return false
  const expected = Buffer.from(hash, 'base64')
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest()
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

function matchesPattern(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(name)
}
