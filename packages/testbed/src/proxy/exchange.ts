import type { IncomingHttpHeaders } from 'node:http'
import type { OpenCall } from './call-log.ts'
import type { SoapRequest } from './soap.ts'
import type { Answer } from './upstream.ts'

/** One call on its way through the proxy. */
export interface Exchange {
  readonly request: SoapRequest
  readonly bytes: Buffer
  readonly headers: IncomingHttpHeaders
  readonly cookie: string | undefined
  readonly call: OpenCall
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal
}

/** Answers a call, or leaves it to somebody else. */
export type Handler = (exchange: Exchange) => Promise<Answer> | undefined
