import { once } from 'node:events'
import { Agent as HttpAgent } from 'node:http'
import { createServer, Agent as HttpsAgent } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createAuthority, issueCertificate } from '../certificates/certificates.ts'
import { forward } from './forward.ts'
import { WSDL_OPERATIONS } from './operations.ts'
import { vimWsdl } from './vim-wsdl.ts'

/** Where {@link startWsdlFront} passes the calls of its clients on to. */
export interface WsdlFrontOptions {
  /** The vCenter API behind it, such as `https://127.0.0.1:40123/sdk`. */
  readonly target: string | URL
  /** The CA of the target, PEM, when it speaks TLS. */
  readonly targetCa?: string | undefined
}

/** A TLS front before a vCenter API that serves a WSDL, as vCenter does and vcsim does not. */
export interface WsdlFront extends AsyncDisposable {
  /** What node-vsphere-soap takes as its host: `127.0.0.1:PORT`. */
  readonly host: string
  /** The CA that signed its certificate, PEM. */
  readonly ca: string
  /** How many connections clients have opened so far, and how many of them are open now. */
  connections(): { readonly opened: number; readonly open: number }
  /** Ends the server, every connection of its clients and those to the target. */
  close(): Promise<void>
}

/**
 * Starts a TLS front on loopback that answers `GET /sdk/vimService.wsdl` itself and forwards everything else.
 *
 * An answer that the target cuts off is cut off for the client as well.
 */
export async function startWsdlFront(options: WsdlFrontOptions): Promise<WsdlFront> {
  const authority = await createAuthority('vmunit testbed WSDL front')
  const { certificate, key } = await issueCertificate(authority)
  const target = new URL(options.target)
  const agent =
    target.protocol === 'https:'
      ? new HttpsAgent({ keepAlive: true, ...(options.targetCa === undefined ? {} : { ca: options.targetCa }) })
      : new HttpAgent({ keepAlive: true })
  const server = createServer({ cert: certificate, key }, (request, response) => {
    if (request.method === 'GET' && request.url === '/sdk/vimService.wsdl') {
      response.setHeader('Content-Type', 'text/xml; charset=utf-8')
      response.end(vimWsdl(`https://${request.headers.host}/sdk`, WSDL_OPERATIONS))
      return
    }
    void forward({ request, response, target, agent })
  })
  let opened = 0
  let open = 0
  server.on('secureConnection', (socket) => {
    opened += 1
    open += 1
    socket.once('close', () => {
      open -= 1
    })
  })
  // A wait for updates takes as long as it takes.
  server.requestTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  async function close(): Promise<void> {
    const closed = server.listening ? once(server, 'close') : undefined
    server.close()
    server.closeAllConnections()
    await closed
    agent.destroy()
  }
  return {
    host: `127.0.0.1:${port}`,
    ca: authority.certificate,
    connections: () => ({ opened, open }),
    close,
    [Symbol.asyncDispose]: close,
  }
}
