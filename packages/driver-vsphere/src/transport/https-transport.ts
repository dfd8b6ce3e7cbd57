import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { VmunitError } from '../errors.ts'
import { envelopeOf } from '../soap/envelope.ts'
import { endWhenPermitted } from './end-when-permitted.ts'
import { networkError } from './network-error.ts'
import type { ServerTrust } from './server-trust.ts'
import type { SendOptions, Transport, VimAnswer, VimRequest } from './transport.ts'
import { trustingAgent } from './trusting-agent.ts'

/** What our own transport is told. */
export interface HttpsTransportOptions {
  readonly url: URL
  readonly trust: ServerTrust
  /** How many connections are open at most. */
  readonly connections: number
  /** A longer answer is refused. */
  readonly maxAnswerBytes: number
}

// Shorter than the idle limits of vCenter and of what usually stands in front of it, so that no request goes into a
// connection that the server has just closed.
const IDLE_MS = 15_000

/** Requests over HTTPS by keep-alive connections of its own. Unencrypted only for a URL that says so. */
export function createHttpsTransport(options: HttpsTransportOptions): Transport {
  const { url, trust } = options
  const settings = { keepAlive: true, maxSockets: options.connections, timeout: IDLE_MS, scheduling: 'lifo' } as const
  const isPlain = url.protocol === 'http:'
  const agent = isPlain ? new HttpAgent(settings) : trustingAgent(trust, url.host, settings)
  const begin = isPlain ? httpRequest : httpsRequest
  const pending = new Set<ClientRequest>()
  let isClosed = false

  async function send(message: VimRequest, { signal, timeoutMs, onText, permit }: SendOptions): Promise<VimAnswer> {
    signal?.throwIfAborted()
    if (isClosed) throw closed()
    const payload = Buffer.from(envelopeOf(message))
    const headers = {
      'Content-Type': 'text/xml; charset=utf-8',
      'Content-Length': payload.byteLength,
      SOAPAction: 'urn:vim25/6.5',
      'User-Agent': 'vmunit',
      ...(message.cookie === undefined ? {} : { Cookie: message.cookie }),
    }
    const { promise, resolve, reject } = Promise.withResolvers<VimAnswer>()
    const request = begin(url, { method: 'POST', agent, headers })
    const fail = (error: unknown): void => {
      reject(error)
      request.destroy()
    }
    const onAbort = (): void => fail(signal?.reason)
    const timer = setTimeout(() => fail(timedOut(message, timeoutMs)), timeoutMs)
    signal?.addEventListener('abort', onAbort, { once: true })
    pending.add(request)
    request.on('error', (error) => reject(isClosed ? closed() : networkError(error, `${url.host} did not answer`)))
    request.on('response', (response) => {
      collect(response, { maxBytes: options.maxAnswerBytes, onText }).then(resolve, (error: unknown) => {
        fail(isClosed ? closed() : networkError(error, `${url.host} did not finish its answer`))
      })
    })
    if (permit === undefined) request.end(payload)
    else endWhenPermitted(request, payload, { permit, refuse: fail })
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      pending.delete(request)
    }
  }

  async function close(): Promise<void> {
    isClosed = true
    for (const request of pending) request.destroy()
    agent.destroy()
  }

  return { send, close, [Symbol.asyncDispose]: close }
}

interface CollectOptions {
  readonly maxBytes: number
  readonly onText: ((text: string) => void) | undefined
}

/** Text is handed on, or put together, while it comes, so that a long answer does not lie in memory several times. */
async function collect(response: IncomingMessage, { maxBytes, onText }: CollectOptions): Promise<VimAnswer> {
  const sink = response.statusCode === 200 ? onText : undefined
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  let size = 0
  response.on('data', (chunk: Uint8Array) => {
    size += chunk.byteLength
    if (size > maxBytes) return reject(tooLong(maxBytes))
    try {
      const piece = decoder.decode(chunk, { stream: true })
      if (sink === undefined) text += piece
      else sink(piece)
    } catch (error) {
      reject(notUtf8(error))
    }
  })
  response.on('end', () => resolve(text))
  response.on('error', reject)
  // After the end, this comes too late to matter.
  response.on('close', () => reject(Object.assign(new Error('the answer broke off'), { code: 'ECONNRESET' })))
  const body = await promise
  const cookie = response.headers['set-cookie']?.map((line) => line.split(';', 1)[0]).join('; ')
  return { status: response.statusCode ?? 0, body, cookie }
}

function notUtf8(cause: unknown): VmunitError {
  return new VmunitError('ERR_DRIVER', 'An answer is not UTF-8: see what answers at that url.', { cause })
}

function tooLong(maxBytes: number): VmunitError {
  return new VmunitError('ERR_DRIVER', `An answer is longer than ${maxBytes} bytes: raise maxAnswerBytes.`, {
    details: { maxBytes },
  })
}

function timedOut({ method }: VimRequest, timeoutMs: number): VmunitError {
  return new VmunitError('ERR_TIMEOUT', `${method} was not answered within ${timeoutMs} ms.`, { retryable: true })
}

function closed(): VmunitError {
  return new VmunitError('ERR_CLOSED', 'The connection to vSphere is closed: connect again.')
}
