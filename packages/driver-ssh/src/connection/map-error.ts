import type { ErrorCode } from '@vmunit/core'
import { isVmunitError, VmunitError } from '../errors.ts'

/** What an error of the network or of the SSH protocol means to a caller. */
export interface MappedError {
  readonly code: ErrorCode
  readonly retryable: boolean
  /** What happened, and what to do; the name of the server is put in front. */
  readonly sentence: string
}

interface Row extends MappedError {
  /** A system error, a disconnect reason of RFC 4253, the place in the protocol where it failed, or the whole message. */
  readonly when: string
  /** Only errors whose message holds this. */
  readonly message?: string
}

const unavailable = (when: string, sentence: string): Row => ({
  when,
  code: 'ERR_UNAVAILABLE',
  retryable: true,
  sentence,
})

const LOST = 'broke the connection. See whether the guest is up; opening it again is safe.'

/** The first row that fits decides. */
const ROWS: readonly Row[] = [
  unavailable('ECONNREFUSED', 'refuses connections. Start its sshd, or correct the port.'),
  unavailable('ECONNRESET', LOST),
  unavailable('EPIPE', LOST),
  unavailable('ECONNABORTED', LOST),
  unavailable('ETIMEDOUT', 'does not answer. See whether the guest is up and no firewall is in between.'),
  unavailable('EHOSTUNREACH', 'cannot be reached. See whether the guest is up and there is a route to it.'),
  unavailable('EHOSTDOWN', 'is down. Switch it on.'),
  unavailable('ENETUNREACH', 'cannot be reached. See whether there is a route to its network.'),
  unavailable('EADDRNOTAVAIL', 'cannot be reached from the addresses of this machine. Look at its network.'),
  unavailable('ENOTFOUND', 'has a name that does not resolve. Correct the name, or look at the name service.'),
  unavailable('EAI_AGAIN', 'has a name that does not resolve now. Look at the name service.'),
  unavailable('EMFILE', 'cannot be opened: this process has too many open files. Raise its limit.'),
  {
    when: 'handshake',
    message: 'no matching host key format',
    code: 'ERR_HOST_KEY',
    retryable: false,
    sentence:
      'has no host key of the type that is expected of it. Find out why before you trust it, then correct what vouches for its key.',
  },
  {
    when: 'handshake',
    message: 'no matching',
    code: 'ERR_UNSUPPORTED',
    retryable: false,
    sentence: 'offers only outdated algorithms. Update its sshd.',
  },
  {
    when: 'handshake',
    message: 'signature verification failed',
    code: 'ERR_HOST_KEY',
    retryable: false,
    sentence: 'does not have the private half of the host key that it shows. Do not trust it.',
  },
  unavailable('handshake', 'gave up in the handshake. See the log of its sshd.'),
  {
    when: 'client-authentication',
    code: 'ERR_UNAUTHENTICATED',
    retryable: false,
    sentence: 'refuses the credentials. Check the user name, and that its authorized_keys has the public key.',
  },
  {
    when: 'agent',
    code: 'ERR_UNAUTHENTICATED',
    retryable: false,
    sentence: 'could not be given a signature by the SSH agent. See whether the agent runs and has the key.',
  },
  unavailable('client-timeout', 'does not answer any more. See whether the guest hangs.'),
  unavailable('client-socket', LOST),
  unavailable('protocol', LOST),
  // Thrown between the end of the connection and the word of it.
  unavailable('Not connected', LOST),
  unavailable('Unable to exec', 'starts no command. See whether the guest has room for another process.'),
  unavailable('2', 'ended the connection because of a protocol error. See the log of its sshd.'),
  unavailable('3', LOST),
  unavailable('7', 'does not offer the service. See the log of its sshd.'),
  unavailable('10', LOST),
  unavailable('11', LOST),
  unavailable('12', 'has too many connections. Raise MaxStartups of its sshd.'),
  {
    when: '14',
    code: 'ERR_UNAUTHENTICATED',
    retryable: false,
    sentence: 'refuses the credentials. Check the user name and its authorized_keys.',
  },
]

/** `2` is what OpenSSH sends for a protocol error, and also when too many keys were tried. */
const TOO_MANY_KEYS: MappedError = {
  code: 'ERR_UNAUTHENTICATED',
  retryable: false,
  sentence: 'refuses after too many keys. Give one private key instead of an agent with many.',
}

const OTHER: MappedError = {
  code: 'ERR_DRIVER',
  retryable: false,
  sentence: 'failed in a way that has no code. Read the cause.',
}

/** Finds what an error of the network or of ssh2 means: one table for all. */
export function describeSshError(error: unknown): MappedError {
  const { code, level, message = '' } = error as { code?: unknown; level?: unknown; message?: string }
  if (String(code) === '2' && /too many authentication failures/i.test(message)) return TOO_MANY_KEYS
  const names = [code, level, message].filter((name) => name !== undefined).map(String)
  const fits = (row: Row): boolean =>
    names.includes(row.when) && (row.message === undefined || message.includes(row.message))
  return ROWS.find(fits) ?? OTHER
}

/** The same as an error that names the server. What is an error of vmunit stays as it is. */
export function mapSshError(server: string, error: unknown): VmunitError {
  if (isVmunitError(error)) return error
  const { code, retryable, sentence } = describeSshError(error)
  return new VmunitError(code, `${server} ${sentence}`, { cause: error, retryable, details: { server } })
}
