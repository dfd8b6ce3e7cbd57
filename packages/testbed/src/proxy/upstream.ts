import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { envelope } from './soap.ts'

/** An answer on its way to a client: a stream when nobody has to look into it. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: string | Readable
}

export interface Upstream {
  /** Passes a document on with the client's own cookie. Rejects with the signal's reason when the client has gone. */
  send(body: string | Buffer, headers: IncomingHttpHeaders, signal?: AbortSignal): Promise<Answer>
  close(): void
}

const passedOn = ['content-type', 'cookie', 'soapaction', 'user-agent'] as const
/** What only concerns one connection is not passed on; the length changes when an answer is rewritten. */
const ofConnection = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date'])

export function answerOf(body: string, status = 200): Answer {
  return { status, headers: { 'content-type': 'text/xml; charset=utf-8' }, body: envelope(body) }
}

/** The whole text of an answer. */
export async function textOfAnswer(answer: Answer): Promise<string> {
  return typeof answer.body === 'string' ? answer.body : await text(answer.body)
}

export function createUpstream(url: URL): Upstream {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 256 })

  const send: Upstream['send'] = async (body, headers, signal) => {
    const own: Record<string, string | number> = { 'content-length': Buffer.byteLength(body) }
    for (const name of passedOn) {
      const value = headers[name]
      if (typeof value === 'string') own[name] = value
    }
    const outgoing = request(url, { agent, method: 'POST', headers: own, ...(signal === undefined ? {} : { signal }) })
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    outgoing.once('error', reject).once('response', (incoming) => {
      const received: Record<string, string | readonly string[]> = {}
      for (const [name, value] of Object.entries(incoming.headers)) {
        if (value !== undefined && !ofConnection.has(name)) received[name] = value
      }
      resolve({ status: incoming.statusCode ?? 502, headers: received, body: incoming })
    })
    outgoing.end(body)
    return await promise
  }

  return {
    send,
    close: () => {
      agent.destroy()
    },
  }
}
