import { createHash } from 'node:crypto'
import { VmunitError } from '../errors.ts'

/** A public key of a server. */
export interface HostKey {
  readonly type: string
  readonly blob: Buffer
}

/** What is signed with which key: an RSA key proves itself with SHA-2, never with SHA-1. */
const ALGORITHMS: ReadonlyMap<string, readonly string[]> = new Map([
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
])

/**
 * Reads a public key as `algorithm base64`; a comment behind it is ignored.
 *
 * @throws VmunitError `ERR_INVALID_INPUT` when it is no public key.
 */
export function parseHostKey(line: string): HostKey {
  const key = tryHostKey(line)
  if (key !== undefined) return key
  throw new VmunitError(
    'ERR_INVALID_INPUT',
    `"${line.slice(0, 40)}" is no public host key. Write it as "algorithm base64", as in the guest's /etc/ssh/ssh_host_*_key.pub.`,
  )
}

/** The same for files of which not every line has to be understood. */
export function tryHostKey(line: string): HostKey | undefined {
  const [type, base64] = line.trim().split(/\s+/)
  if (type === undefined || base64 === undefined) return undefined
  const blob = Buffer.from(base64, 'base64')
  return typeIn(blob) === type ? { type, blob } : undefined
}

/** The type that a key names itself: what stands beside it could be wrong. */
export function typeIn(blob: Buffer): string | undefined {
  if (blob.length < 5) return undefined
  const length = blob.readUInt32BE(0)
  return length > 0 && length + 4 < blob.length ? blob.toString('latin1', 4, 4 + length) : undefined
}

/** A key as people compare it, in the way `ssh-keygen -l` prints it. */
export function fingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

/** What to negotiate, so that a server that has several keys proves one of these. */
export function algorithmsFor(keys: readonly HostKey[]): readonly string[] {
  const types = new Set(keys.map((key) => key.type))
  return [...ALGORITHMS].filter(([type]) => types.has(type)).flatMap(([, algorithms]) => algorithms)
}
