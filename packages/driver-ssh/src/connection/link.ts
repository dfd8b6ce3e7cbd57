import type { Duplex } from 'node:stream'
import ssh2, { type AnyAuthMethod, type Client } from 'ssh2'
import { VmunitError } from '../errors.ts'
import type { ExpectedKeys } from '../host-keys/expected-keys.ts'
import { judgeHostKey } from '../host-keys/judge-host-key.ts'
import type { Limits } from './limits.ts'
import { mapSshError } from './map-error.ts'
import { orAbort } from './or-abort.ts'
import { tryMethods } from './try-methods.ts'

/** What is needed to speak SSH with a server over an open stream. */
export interface LinkOptions {
  /** `address:port`, for messages. */
  readonly server: string
  readonly stream: Duplex
  readonly expected: ExpectedKeys
  /** The algorithms by which it may prove one of them. */
  readonly serverHostKey: readonly string[]
  readonly methods: readonly AnyAuthMethod[]
  readonly limits: Limits
}

/** One authenticated SSH connection. */
export interface Link {
  readonly server: string
  readonly client: Client
  /** Why it is over; undefined while it lives. */
  failure(): VmunitError | undefined
  /** Calls back once when it is over, at once when it is already. Gives back how to stop listening. */
  onLost(listener: (reason: VmunitError) => void): () => void
  /** Ends it. What still runs over it rejects with `ERR_CLOSED`. */
  close(): Promise<void>
}

/** AEAD ciphers need no MAC; curve25519 is what costs least. ssh2 orders by what it was given. */
const ALGORITHMS = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group14-sha256',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'chacha20-poly1305@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
} as const

/** How long a server may take to say goodbye. */
const GOODBYE_MS = 1_000

/**
 * Verifies the host key, then logs in. The listener for errors stays for the life of the connection: without one, a
 * broken connection would end the process.
 */
export async function openLink(options: LinkOptions, signal: AbortSignal | undefined): Promise<Link> {
  const { server, stream, expected, serverHostKey, methods, limits } = options
  const client = new ssh2.Client()
  const attempts = tryMethods(methods)
  const listeners = new Set<(reason: VmunitError) => void>()
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>()
  const { promise: gone, resolve: onGone } = Promise.withResolvers<void>()
  let verdict: VmunitError | undefined
  let failure: VmunitError | undefined
  let setback: Error | undefined

  function fail(reason: VmunitError): void {
    if (failure !== undefined) return
    failure = reason
    reject(reason)
    for (const listener of listeners) listener(reason)
    listeners.clear()
  }

  function onError(error: Error & { readonly level?: string }): void {
    const isSetback = error.level === 'agent' || error.level === 'client-authentication'
    if (isSetback && !error.message.startsWith('All configured')) {
      // One way to log in failed; ssh2 goes on with the next.
      setback = error
      return
    }
    fail(verdict ?? (error.level === 'client-authentication' ? refused() : mapSshError(server, error)))
    stream.destroy()
  }

  function refused(): VmunitError {
    const [tried, allowed] = [attempts.tried(), attempts.allowed()]
    const ways = `tried: ${tried.join(', ') || 'nothing'}; it takes: ${allowed.join(', ') || 'nothing'}`
    return new VmunitError(
      'ERR_UNAUTHENTICATED',
      `${server} refuses the credentials (${ways}). Check the user name, and that its authorized_keys has the public key.`,
      { cause: setback, details: { server, tried, allowed } },
    )
  }

  client.on('error', onError)
  client.on('close', () => {
    fail(verdict ?? mapSshError(server, Object.assign(new Error('closed'), { level: 'client-socket' })))
    onGone()
  })
  client.once('ready', resolve)

  try {
    client.connect({
      sock: stream,
      readyTimeout: limits.handshakeTimeoutMs,
      keepaliveInterval: limits.keepAliveMs,
      keepaliveCountMax: 3,
      algorithms: { ...structuredClone(ALGORITHMS), serverHostKey: [...serverHostKey] } as never,
      // Anything but false would mean yes to ssh2.
      hostVerifier: (shown: Buffer) => {
        verdict = judgeHostKey(server, shown, expected)
        return verdict === undefined
      },
      username: methods[0]?.username ?? '',
      authHandler: attempts.handler,
    })
    await orAbort(ready, signal)
  } catch (error) {
    client.end()
    stream.destroy()
    throw mapped(error, server, signal)
  }

  return {
    server,
    client,
    failure: () => failure,
    onLost(listener) {
      if (failure !== undefined) {
        listener(failure)
        return () => {}
      }
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async close() {
      fail(new VmunitError('ERR_CLOSED', `The connection to ${server} was closed. Open it again.`))
      client.end()
      const timer = setTimeout(() => stream.destroy(), GOODBYE_MS)
      await gone
      clearTimeout(timer)
    },
  }
}

function mapped(error: unknown, server: string, signal: AbortSignal | undefined): unknown {
  return signal?.aborted && error === signal.reason ? error : mapSshError(server, error)
}
