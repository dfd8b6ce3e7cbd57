import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { seededRandom } from '../seeded-random.ts'
import { type CallLog, createCallLog } from './call-log.ts'
import type { Exchange } from './exchange.ts'
import { createFaultRules, type FaultRules, randomSeed } from './fault-rules.ts'
import { createFront } from './front.ts'
import type { Limits } from './limits.ts'
import type { GuestPower } from './machine-handlers.ts'
import { isMutating } from './methods.ts'
import type { Platform } from './platform.ts'
import { createResponder } from './responder.ts'
import { createSessions, type ExpiryMode, sessionHash } from './sessions.ts'
import { type Reference, readRequest } from './soap.ts'
import { createUpstream } from './upstream.ts'

export interface ProxyOptions {
  /** Where vcsim listens, plain HTTP, and what is true there. */
  readonly upstream: URL
  readonly platform: Platform
  /** The port groups, in the order of the adapters of a machine. */
  readonly networks: readonly string[]
  /** A folder for machines. */
  readonly folder: Reference
  readonly isEsx?: boolean | undefined
  /** How long clones take, in milliseconds; nothing when left out. */
  readonly cloneMs?: number | undefined
  readonly certificate: string
  readonly key: string
  /** Seed of everything random in the faults; without it one is drawn. */
  readonly seed?: number | undefined
}

/** The proxy in front of vcsim: what was called, and what shall go wrong. */
export interface Proxy extends CallLog, AsyncDisposable {
  readonly url: URL
  /** The seed of random faults; print it where a test fails. */
  readonly seed: number
  addFault: FaultRules['add']
  /** Makes the sessions of this moment invalid, as vCenter does after half an hour; what was read through them fails. */
  expireSessions(mode?: ExpiryMode): Promise<void>
  /** While on, clones do not end, for whoever looks through the proxy. */
  holdCreations(on: boolean): Promise<void>
  /** How long clones take from now on. */
  setCloneDuration(ms: number): void
  /** Makes a host stop responding, with its machines, or respond again. */
  hostNotResponding(host: string, on: boolean): Promise<void>
  /** How much at once vCenter does; what is asked for beyond fails. */
  setLimits: Limits['set']
  /** The most operations that ever ran at once. */
  peaks: Limits['peaks']
  /** Who shuts guests down and reboots them; without, a guest is off at once and never reboots. */
  setGuestPower(power: GuestPower | undefined): void
  /** While down, connections are destroyed and new ones refused. */
  down(on: boolean): void
  /** Down for a time; resolves when it is over. */
  outage(ms: number): Promise<void>
  /** Takes all faults back; creations that were held end. */
  reset(): Promise<void>
  close(): Promise<void>
}

/** Starts the proxy on a loopback port, with TLS. */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const seed = options.seed ?? randomSeed()
  const log = createCallLog()
  const sessions = createSessions()
  const rules = createFaultRules(seededRandom(seed))
  const upstream = createUpstream(options.upstream)
  const { cloneMs = 0, isEsx = false } = options
  const front = createFront({ ...options, upstream, cloneMs, isEsx })
  const sockets = new Set<Socket>()
  let isDown = false

  const respond = createResponder({ front, sessions, rules })

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const bytes = await buffer(request)
    const soap = request.method === 'POST' ? readRequest(bytes.toString('utf8')) : undefined
    if (soap === undefined) {
      response.writeHead(request.method === 'POST' ? 400 : 404).end()
      return
    }
    const gone = new AbortController()
    response.once('close', () => {
      gone.abort(new Error('the client has gone'))
    })
    const { cookie } = request.headers
    const mutating = isMutating(soap.method)
    const call = log.begin({
      method: soap.method,
      target: soap.target,
      userAgent: request.headers['user-agent'],
      operationId: soap.operationId,
      session: sessionHash(cookie),
      mutating,
      machine: mutating && soap.target?.type === 'VirtualMachine' ? soap.target.value : undefined,
    })
    const exchange = { request: soap, bytes, headers: request.headers, cookie, call, signal: gone.signal }
    try {
      await respond(exchange, response)
    } catch (error) {
      fail(exchange, response, error)
    }
  }

  const server = createServer({ cert: options.certificate, key: options.key, keepAliveTimeout: 120_000 })
  server.on('request', (request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  // A client that refuses our certificate is no error of ours.
  server.on('tlsClientError', () => undefined)
  server.on('connection', (socket: Socket) => {
    if (isDown) {
      socket.destroy()
      return
    }
    sockets.add(socket.once('close', () => sockets.delete(socket)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const down = (on: boolean): void => {
    isDown = on
    if (on) for (const socket of sockets) socket.destroy()
  }
  const close = async (): Promise<void> => {
    down(true)
    front.creations.close()
    upstream.close()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  return {
    ...log,
    url: new URL(`https://127.0.0.1:${port}/sdk`),
    seed,
    addFault: rules.add,
    expireSessions: async (mode = 'fault') => {
      const ended = sessions.expire(mode)
      front.interrupt()
      // Of a session that shows nothing any more vcsim need not keep what it watched.
      if (mode === 'fault') await Promise.all(ended.map(async (cookie) => await front.endSession(cookie)))
    },
    holdCreations: front.creations.hold,
    setCloneDuration: front.creations.setDuration,
    hostNotResponding: front.hosts.set,
    setLimits: front.limits.set,
    peaks: front.limits.peaks,
    setGuestPower: front.setGuestPower,
    down,
    outage: async (ms) => {
      down(true)
      await setTimeout(ms)
      down(false)
    },
    reset: async () => {
      rules.clear()
      down(false)
      front.limits.reset()
      front.creations.setDuration(cloneMs)
      await front.creations.hold(false)
      front.hosts.clear()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** A client that has gone needs no answer; every other one shall see what is wrong with the testbed. */
function fail({ call, signal }: Exchange, response: ServerResponse, error: unknown): void {
  if (signal.aborted || response.headersSent) {
    call.end({ outcome: 'aborted' })
    response.destroy()
    return
  }
  call.end({ outcome: `testbed: ${String(error)}` })
  response.writeHead(500, { 'content-type': 'text/plain' }).end(`The proxy of the testbed failed: ${String(error)}`)
}
