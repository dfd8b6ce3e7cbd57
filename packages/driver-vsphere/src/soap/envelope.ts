import type { VimRequest } from '../transport/transport.ts'
import { textElement } from './element.ts'

const NAMESPACES = [
  'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"',
  'xmlns:xsd="http://www.w3.org/2001/XMLSchema"',
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
].join(' ')

/** The document that carries a request. */
export function envelopeOf({ body, operationId }: VimRequest): string {
  const header = `<soapenv:Header>${textElement('operationID', operationId)}</soapenv:Header>`
  const content = `${operationId === undefined ? '' : header}<soapenv:Body>${body}</soapenv:Body>`
  return `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope ${NAMESPACES}>${content}</soapenv:Envelope>`
}
