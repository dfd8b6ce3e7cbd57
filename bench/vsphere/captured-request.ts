import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { buffer } from 'node:stream/consumers'
import type { Transport, VimRequest } from '@vmunit/driver-vsphere'

/** One SOAP request as it goes over the wire, and the session that it belongs to. */
export interface CapturedRequest {
  readonly body: string
  readonly cookie: string
  /** The properties of machines that it asks for, by their paths. */
  readonly properties: readonly string[]
}

const NAMESPACES = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'

function pathsIn(request: string): readonly string[] {
  const [, body = ''] = request.split('<propSet><type>VirtualMachine</type>')
  const [ofMachines = ''] = body.split('</propSet>')
  return Array.from(ofMachines.matchAll(/<pathSet>([^<]*)<\/pathSet>/g), ([, path = '']) =>
    path.replaceAll('&quot;', '"'),
  )
}

/** Looks what is asked of the property collector over a transport, so that a peer can ask for the very same. */
export async function captureRequest(
  environment: NodeJS.ProcessEnv,
  ask: (transport: Transport) => Promise<unknown>,
): Promise<CapturedRequest> {
  const ca = readFileSync(environment['VCENTER_CA_FILE'] ?? '')
  const url = environment['VCENTER_URL'] ?? ''
  let captured: CapturedRequest | undefined
  let session = ''
  const envelope = ({ body }: VimRequest): string =>
    `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ${NAMESPACES}><s:Body>${body}</s:Body></s:Envelope>`
  const post = async (asked: VimRequest): ReturnType<Transport['send']> => {
    const headers = { 'content-type': 'text/xml; charset=utf-8', ...(session !== '' && { cookie: session }) }
    const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<Transport['send']>>>()
    const outgoing = request(url, { method: 'POST', ca, headers }, (answer) => {
      session = answer.headers['set-cookie']?.[0]?.split(';')[0] ?? session
      buffer(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body }), reject)
    })
    outgoing.once('error', reject)
    outgoing.end(envelope(asked))
    return await promise
  }
  const login = async (): Promise<void> => {
    const user = `<userName>${environment['VCENTER_USERNAME']}</userName><password>${environment['VCENTER_PASSWORD']}</password>`
    const body = `<Login xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this>${user}</Login>`
    await post({ method: 'Login', body })
  }
  await login()
  const close = async (): Promise<void> => {}
  const transport: Transport = {
    session: { renew: login },
    async send(asked) {
      if (asked.method === 'RetrievePropertiesEx')
        captured = { body: envelope(asked), cookie: session, properties: pathsIn(asked.body) }
      return await post(asked)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
  await ask(transport)
  if (captured === undefined) throw new Error('RetrievePropertiesEx was not called.')
  return captured
}
