import type { Duplex } from 'node:stream'
import type { Call } from '@vmunit/core'
import { VmunitError } from '../errors.ts'
import { expectedKeys, type HostKeyQuestion, type HostKeySources } from '../host-keys/expected-keys.ts'
import { provableAlgorithms } from '../host-keys/judge-host-key.ts'
import type { Identity } from './identity.ts'
import type { Limits } from './limits.ts'
import { type Link, openLink } from './link.ts'
import { mapSshError } from './map-error.ts'
import { openSocket } from './open-socket.ts'
import { orAbort } from './or-abort.ts'

export interface RouteOptions {
  readonly identity: Identity
  readonly sources: HostKeySources
  readonly limits: Limits
  /** How to get a stream to a server: straight, or through another one. */
  readonly stream: (address: string, port: number, signal: AbortSignal | undefined) => Promise<Duplex>
}

/** Opens links over what `stream` gives. Secrets are read first: a key that cannot be used needs no connection. */
export async function openOver(options: RouteOptions, question: HostKeyQuestion, call: Call): Promise<Link> {
  const { identity, sources, limits, stream } = options
  const { address, port } = question
  const { signal } = call
  const server = `${address}:${port}`
  signal?.throwIfAborted()
  const expected = await orAbort(expectedKeys(question, sources), signal)
  const serverHostKey = provableAlgorithms(server, expected)
  const methods = await orAbort(identity(), signal)
  const opened = await stream(address, port, signal)
  return await openLink({ server, stream: opened, expected, serverHostKey, methods, limits }, signal)
}

/** Goes straight to each server. */
export function directStream(limits: Limits): RouteOptions['stream'] {
  return async (address, port, signal) =>
    await openSocket({ address, port, timeoutMs: limits.connectTimeoutMs }, signal)
}

/** Goes through a server that is connected when it is first needed, and again after it was lost. */
export function streamThrough(connect: () => Promise<Link>): {
  readonly stream: RouteOptions['stream']
  readonly close: () => Promise<void>
} {
  let jump: Promise<Link> | undefined
  let isClosed = false

  async function link(): Promise<Link> {
    const current = jump
    const opened = await current?.catch(() => undefined)
    if (opened !== undefined && opened.failure() === undefined) return opened
    if (isClosed) throw new VmunitError('ERR_CLOSED', 'The SSH access was closed. Create a new one.')
    // Unless somebody else has begun to connect meanwhile.
    const opening = jump === undefined || jump === current ? connect() : jump
    jump = opening
    return await opening
  }

  return {
    async stream(address, port, signal) {
      const through = await orAbort(link(), signal)
      const forwarding = forward(through, address, port)
      try {
        return await orAbort(forwarding, signal)
      } catch (error) {
        forwarding.then(
          (late) => late.destroy(),
          () => {},
        )
        throw error
      }
    },
    async close() {
      isClosed = true
      const opened = await jump?.catch(() => undefined)
      jump = undefined
      await opened?.close()
    },
  }
}

async function forward(through: Link, address: string, port: number): Promise<Duplex> {
  const failure = through.failure()
  if (failure !== undefined) throw failure
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>()
  const stopListening = through.onLost(reject)
  try {
    through.client.forwardOut('127.0.0.1', 0, address, port, (error, channel) => {
      if (error === undefined) resolve(channel)
      else reject(refused(through, `${address}:${port}`, error))
    })
    return await promise
  } catch (error) {
    throw mapSshError(through.server, error)
  } finally {
    stopListening()
  }
}

function refused(through: Link, server: string, error: Error & { readonly reason?: unknown }): VmunitError {
  if (error.reason !== 1 && error.reason !== 2) return mapSshError(through.server, error)
  const forbidden = error.reason === 1
  return new VmunitError(
    forbidden ? 'ERR_PERMISSION_DENIED' : 'ERR_UNAVAILABLE',
    forbidden
      ? `The jump host ${through.server} does not forward connections. Allow it with AllowTcpForwarding and PermitOpen.`
      : `The jump host ${through.server} cannot reach ${server}. See whether the guest is up.`,
    { cause: error, retryable: !forbidden, details: { server, jump: through.server } },
  )
}
