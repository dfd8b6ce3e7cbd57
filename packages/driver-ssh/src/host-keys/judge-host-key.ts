import { VmunitError } from '../errors.ts'
import type { ExpectedKeys } from './expected-keys.ts'
import { algorithmsFor, fingerprint, type HostKey, typeIn } from './host-key.ts'

/** Says why the key that a server has shown is not acceptable; undefined: it is the one that was expected. */
export function judgeHostKey(server: string, shown: Buffer, expected: ExpectedKeys): VmunitError | undefined {
  const has = (keys: readonly HostKey[]): boolean => keys.some((key) => key.blob.equals(shown))
  const details = {
    server,
    presented: fingerprint(shown),
    expected: expected.accepted.map((key) => fingerprint(key.blob)),
  }
  if (has(expected.refused)) {
    return new VmunitError(
      'ERR_HOST_KEY_REUSED',
      `${server} shows ${details.presented}, the host key of the image it was made from. Remove the host keys from the template, so that each guest makes its own.`,
      { details },
    )
  }
  if (has(expected.revoked)) {
    return new VmunitError(
      'ERR_HOST_KEY',
      `${server} shows ${details.presented}, which known hosts calls revoked. Give the guest a new host key.`,
      { details },
    )
  }
  if (has(expected.accepted)) return undefined
  if (expected.accepted.length === 0) return noKeyKnown(server, details)
  return new VmunitError(
    'ERR_HOST_KEY',
    `${server} shows the ${typeIn(shown) ?? 'unknown'} host key ${details.presented}, but ${details.expected.join(' or ')} is expected. ` +
      'Find out why before you trust it: if the guest was made anew, correct what vouches for its key; if not, somebody may be in between.',
    { details },
  )
}

/**
 * What a server may prove one of its keys by. A server that only refused keys are known of shows what it has, and is
 * refused in any case.
 *
 * @throws VmunitError `ERR_HOST_KEY` when no key is known; `ERR_UNSUPPORTED` when none has a type that can be verified.
 */
export function provableAlgorithms(server: string, { accepted, refused }: ExpectedKeys): readonly string[] {
  const keys = accepted.length > 0 ? accepted : refused
  if (keys.length === 0) throw noKeyKnown(server)
  const algorithms = algorithmsFor(keys)
  if (algorithms.length > 0) return algorithms
  const types = [...new Set(keys.map(({ type }) => type))].join(', ')
  throw new VmunitError(
    'ERR_UNSUPPORTED',
    `The host keys that are known of ${server} have types that are not supported (${types}). Let it have an ed25519, ECDSA or RSA key, and add that one.`,
    { details: { server } },
  )
}

/** Nobody vouches for a server. Retryable: the platform may learn its key when the guest has booted. */
function noKeyKnown(server: string, details: Readonly<Record<string, unknown>> = { server }): VmunitError {
  return new VmunitError(
    'ERR_HOST_KEY',
    `Nobody vouches for a host key of ${server}, so it is not trusted. Let the guest publish its key through the hypervisor (guestinfo.vmunit.hostkeys), pin it with the option pins, or add it to known hosts.`,
    { details, retryable: true },
  )
}
