import { VmunitError } from '../errors.ts'
import { textElement } from '../soap/element.ts'
import type { SendOptions } from '../transport/transport.ts'
import type { NodeVsphereSoapClient, NodeVsphereSoapOptions } from './client.ts'

import { permittedModules } from './permitted-modules.ts'
import { ownSoapClient, type SoapClient, type SoapResponse } from './soap-library.ts'
import { unanswered } from './unanswered.ts'
import { watchConnection } from './watch-connection.ts'
import { within } from './within.ts'

/** One vim25 request. */
export interface ChannelRequest {
  readonly method: string
  readonly body: string
  readonly operationId?: string | undefined
  /** Sent without the cookie of the session: a login. */
  readonly anonymous?: boolean | undefined
}

/** The answer with the headers that a login needs. */
export interface ChannelAnswer {
  readonly status: number
  readonly headers: SoapResponse['headers']
  readonly body: Uint8Array
}

/** Requests and answers over the SOAP library of a node-vsphere-soap client. */
export interface Channel {
  /** Resolves when the client is connected. */
  ready(bounds: SendOptions): Promise<void>
  send(request: ChannelRequest, bounds: SendOptions): Promise<ChannelAnswer>
  close(): Promise<void>
}

/** How many requests are under way at most, as in the transport of vmunit itself. */
const CONNECTIONS = 64

/** Connections that are kept open, by kind, as the package request keeps them. */
type Pool = Record<string, { destroy(): void }>

/** Opens a channel; its connections to vCenter are its own, so that it can keep them open and end them. */
export function openChannel(client: NodeVsphereSoapClient, options: NodeVsphereSoapOptions): Channel {
  const { host } = client.connectionInfo
  const connection = watchConnection(client)
  const closing = new AbortController()
  const pool: Pool = {}
  const transfer = {
    agentOptions: { keepAlive: true, maxSockets: CONNECTIONS },
    // Bytes, not text.
    encoding: null,
    pool,
    rejectUnauthorized: options.insecureAcceptAnyCertificate !== true,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  }
  let soap: SoapClient | undefined

  async function exchange(request: ChannelRequest, { signal, timeoutMs, permit }: SendOptions): Promise<ChannelAnswer> {
    soap ??= ownSoapClient(client.client, `https://${host}/sdk/vimService.wsdl`)
    const operation = soap.VimService?.VimPort?.[request.method]
    if (operation === undefined)
      throw new VmunitError('ERR_UNSUPPORTED', `The WSDL of ${host} does not have ${request.method}.`)
    soap.clearSoapHeaders()
    if (request.operationId !== undefined) soap.addSoapHeader(textElement('operationID', request.operationId))
    const cookie = request.anonymous === true ? undefined : client.authCookie?.cookies
    const headers = { Connection: 'keep-alive', ...(cookie === undefined ? {} : { Cookie: cookie }) }
    const { promise, resolve, reject } = Promise.withResolvers<ChannelAnswer>()
    const mayLeave = (): void => {
      signal?.throwIfAborted()
      permit?.()
    }
    const held = permit && { httpModules: permittedModules({ permit: mayLeave, refuse: reject }) }
    operation(
      request.body,
      (error, response, body) => {
        if (response === undefined || body === undefined) reject(unanswered(error, host))
        else resolve({ status: response.statusCode, headers: response.headers, body })
      },
      { ...transfer, ...held, timeout: timeoutMs },
      headers,
    )
    return await promise
  }

  async function bounded<T>(what: string, work: () => Promise<T>, { signal, timeoutMs }: SendOptions): Promise<T> {
    closing.signal.throwIfAborted()
    signal?.throwIfAborted()
    return await within(work(), { signal, timeoutMs, closed: closing.signal, what: `${what} at ${host}` })
  }

  async function ready(bounds: SendOptions): Promise<void> {
    await bounded('Connecting', connection.ready, bounds)
  }

  return {
    ready,
    send: async (request, bounds) => {
      const deadline = performance.now() + bounds.timeoutMs
      // Waited for apart, so that nothing is sent for a caller who has given up meanwhile.
      if (client.status !== 'ready') await ready(bounds)
      const timeoutMs = Math.max(1, Math.ceil(deadline - performance.now()))
      return await bounded(request.method, async () => await exchange(request, { ...bounds, timeoutMs }), {
        ...bounds,
        timeoutMs,
      })
    },
    close: async () => {
      const message = `The transport to ${host} is closed. Connect a new one.`
      closing.abort(new VmunitError('ERR_CLOSED', message))
      connection.stop()
      for (const agent of Object.values(pool)) agent.destroy()
    },
  }
}
