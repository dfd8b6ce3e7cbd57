import { readFile } from 'node:fs/promises'
import { VmunitError } from '../errors.ts'
import { type HostKey, parseHostKey } from './host-key.ts'
import { lookUpKnownHost } from './known-hosts.ts'

/** Who vouches for host keys when the caller of `open` names none. */
export interface HostKeySources {
  /**
   * Public keys as `algorithm base64`, by address; by `[address]:port` where the port is not 22.
   * A server that is pinned is not looked up in `knownHosts`.
   */
  readonly pins?: Readonly<Record<string, readonly string[]>> | undefined
  /** The path of a `known_hosts` file, or its content. Read when a server is opened. */
  readonly knownHosts?: string | { readonly content: string } | undefined
}

/** A server whose key is asked for. */
export interface HostKeyQuestion {
  readonly address: string
  readonly port: number
  /** What the platform says; when it says anything, nobody else is asked. */
  readonly hostKeys: readonly string[]
  readonly refusedHostKeys: readonly string[]
}

/** What a server must prove, and what it must not. */
export interface ExpectedKeys {
  readonly accepted: readonly HostKey[]
  readonly refused: readonly HostKey[]
  readonly revoked: readonly HostKey[]
}

/**
 * Finds the keys that a server has to prove: those that the platform vouches for, else its pins, else known hosts.
 *
 * @throws VmunitError `ERR_UNSUPPORTED` when only a certificate authority vouches for it; `ERR_NOT_FOUND` when the
 * file of known hosts does not exist.
 */
export async function expectedKeys(question: HostKeyQuestion, sources: HostKeySources): Promise<ExpectedKeys> {
  const { address, port } = question
  const known = lookUpKnownHost(await knownHostsText(sources.knownHosts), address, port)
  const { revoked } = known
  const refused = question.refusedHostKeys.map(parseHostKey)
  const given = question.hostKeys.length > 0 ? question.hostKeys : pinsOf(question, sources)
  if (given.length > 0) return { accepted: given.map(parseHostKey), refused, revoked }
  if (known.keys.length === 0 && known.authority) {
    throw new VmunitError(
      'ERR_UNSUPPORTED',
      `Only a certificate authority vouches for ${address}:${port} in known hosts, and host certificates are not supported. Add its own public key.`,
      { details: { address, port } },
    )
  }
  return { accepted: known.keys, refused, revoked }
}

function pinsOf({ address, port }: HostKeyQuestion, { pins = {} }: HostKeySources): readonly string[] {
  return pins[`[${address}]:${port}`] ?? (port === 22 ? pins[address] : undefined) ?? []
}

async function knownHostsText(source: HostKeySources['knownHosts']): Promise<string> {
  if (source === undefined) return ''
  if (typeof source === 'object') return source.content
  try {
    return await readFile(source, 'utf8')
  } catch (error) {
    throw new VmunitError(
      'ERR_NOT_FOUND',
      `The known hosts file ${source} cannot be read. Correct the path in knownHosts, or leave the option out.`,
      { cause: error, details: { path: source } },
    )
  }
}
