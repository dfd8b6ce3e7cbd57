import { type Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { typeServiceInstance } from './type-service-instance.ts'

/** One request of a client, and where it goes. */
export interface Forwarded {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly target: URL
  readonly agent: Agent
}

/** Headers that concern one connection, not the message. */
const OF_THE_CONNECTION = ['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'host']

/** Passes a request on and its answer back; when either side breaks off, so does the other. */
export async function forward({ request, response, target, agent }: Forwarded): Promise<void> {
  const given = new AbortController()
  response.once('close', () => given.abort())
  try {
    const body = typeServiceInstance(await buffer(request))
    const headers = { ...withoutConnection(request.headers), 'content-length': body.byteLength }
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest
    const path = request.method === 'POST' ? target.pathname : request.url
    const upstream = send({
      protocol: target.protocol,
      hostname: target.hostname,
      port: target.port,
      path,
      method: request.method,
      headers,
      agent,
      signal: given.signal,
    })
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      upstream.once('response', resolve)
      upstream.on('error', reject)
    })
    upstream.end(body)
    const answer = await answered
    response.writeHead(answer.statusCode ?? 502, withoutConnection(answer.headers))
    await pipeline(answer, response)
  } catch {
    response.destroy()
  }
}

function withoutConnection(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_THE_CONNECTION.includes(name)))
}
