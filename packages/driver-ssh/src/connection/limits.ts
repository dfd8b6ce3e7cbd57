/** How long and how much an access waits for. */
export interface SshLimits {
  /** For the TCP connection. @defaultValue 10 seconds */
  readonly connectTimeoutMs?: number | undefined
  /** For key exchange and authentication. @defaultValue 20 seconds */
  readonly handshakeTimeoutMs?: number | undefined
  /** A silent connection is asked so often whether it lives, and given up after three unanswered questions. @defaultValue 10 seconds */
  readonly keepAliveMs?: number | undefined
  /** Commands at the same time on one connection; more wait. Two less than sshd's MaxSessions, which is 10. @defaultValue 8 */
  readonly maxChannels?: number | undefined
}

/** Limits with their defaults. */
export interface Limits {
  readonly connectTimeoutMs: number
  readonly handshakeTimeoutMs: number
  readonly keepAliveMs: number
  readonly maxChannels: number
}

const DEFAULTS: Limits = { connectTimeoutMs: 10_000, handshakeTimeoutMs: 20_000, keepAliveMs: 10_000, maxChannels: 8 }

/**
 * Fills in the defaults.
 *
 * @throws TypeError when one is not a positive number.
 */
export function limitsOf(given: SshLimits): Limits {
  const limit = (name: keyof Limits): number => {
    const value = given[name] ?? DEFAULTS[name]
    if (value >= 1 && value < 2 ** 31) return value
    throw new TypeError(`${name} must be a positive number, below 2 ** 31.`)
  }
  return {
    connectTimeoutMs: limit('connectTimeoutMs'),
    handshakeTimeoutMs: limit('handshakeTimeoutMs'),
    keepAliveMs: limit('keepAliveMs'),
    maxChannels: Math.floor(limit('maxChannels')),
  }
}
