import { VmunitError } from '../errors.ts'

/** One operation of the WSDL as the package soap offers it: a string goes into the SOAP body as it is. */
export type SoapOperation = (body: string, done: SoapDone, ...transfer: readonly [RequestOptions, Headers]) => void

/** Called with an answer (`error` is then what our reading threw) or, without one, with what went wrong. */
export type SoapDone = (error: unknown, response?: SoapResponse, body?: Uint8Array) => void

/** The part of the HTTP answer that matters here. */
export interface SoapResponse {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** A SOAP client as the package soap, 0.8.0, makes it. */
export interface SoapClient {
  readonly wsdl: { readonly options: object }
  readonly VimService?: { readonly VimPort?: Readonly<Record<string, SoapOperation | undefined>> }
  addBodyAttribute(attribute: string): void
  addSoapHeader(header: string): void
  clearSoapHeaders(): void
}

type Headers = Readonly<Record<string, string>>
type RequestOptions = Readonly<Record<string, unknown>>
type MakeClient = new (wsdl: object, endpoint: string, options: object) => SoapClient

/**
 * Makes a SOAP client of the same kind, on the same WSDL, as the one that a node-vsphere-soap client holds.
 *
 * It shares nothing that changes. Its own reading is replaced, for two reasons: the library reads into objects that
 * nobody needs here, slowly; and it throws where nobody can catch it, which ends the process, when an answer is no
 * SOAP. A reading that always throws inside of the library's own `try` hands over every answer as it came.
 */
export function ownSoapClient(shared: unknown, endpoint: string): SoapClient {
  if (!isSoapClient(shared))
    throw new VmunitError(
      'ERR_INVALID_INPUT',
      'The client is not one of node-vsphere-soap 0.0.2-5: it holds no SOAP client with a WSDL. Pass its Client object.',
    )
  const wsdl = Object.assign(Object.create(shared.wsdl), {
    options: { ...shared.wsdl.options },
    xmlToObject: () => {
      throw new Error('The driver reads the answer itself.')
    },
  })
  const client = new shared.constructor(wsdl, endpoint, {})
  client.addBodyAttribute('xmlns:xsd="http://www.w3.org/2001/XMLSchema"')
  return client
}

function isSoapClient(value: unknown): value is SoapClient & { readonly constructor: MakeClient } {
  if (typeof value !== 'object' || value === null || !('wsdl' in value)) return false
  return typeof value.wsdl === 'object' && value.wsdl !== null && typeof value.constructor === 'function'
}
