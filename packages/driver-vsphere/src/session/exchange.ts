import { VmunitError } from '../errors.ts'
import { type Fault, soapFault } from '../faults/fault.ts'
import { readDocument } from '../soap/read-document.ts'
import type { VimAnswer, VimRequest } from '../transport/transport.ts'

const HEAD_LENGTH = 2_048
const FAULT = /<(?:[\w.-]+:)?Body[^<>]*>\s*<(?:[\w.-]+:)?Fault[\s/>]/
const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** What came back: the XML of a result, or the fault instead of it. */
export type Reply = { readonly xml: string } | { readonly fault: Fault }

/**
 * Reads an answer as far as to know whether it is a result or a fault.
 *
 * @throws VmunitError `ERR_UNAVAILABLE`, retryable, when a gateway answered instead; `ERR_DRIVER` when it is no SOAP.
 */
export async function replyOf({ method }: VimRequest, answer: VimAnswer): Promise<Reply> {
  const { status, body } = answer
  if (status === 502 || status === 503 || status === 504) {
    const message = `${method}: the server is there, but its service is not (HTTP ${status}). It may be starting.`
    throw new VmunitError('ERR_UNAVAILABLE', message, { retryable: true, details: { status } })
  }
  const xml = typeof body === 'string' ? body : decode(method, body)
  const head = xml.slice(0, HEAD_LENGTH)
  if (!head.includes('Envelope')) throw notSoap(method, status, head)
  if (!FAULT.test(head)) return { xml }
  const fault = soapFault(await readDocument(xml))
  if (fault === undefined) throw notSoap(method, status, head)
  return { fault }
}

function decode(method: string, body: Uint8Array): string {
  try {
    return UTF8.decode(body)
  } catch (error) {
    throw new VmunitError('ERR_DRIVER', `The answer to ${method} is not UTF-8: see what answers at that url.`, {
      cause: error,
    })
  }
}

function notSoap(method: string, status: number, head: string): VmunitError {
  const message = `The answer to ${method} is not SOAP (HTTP ${status}): check that the url ends in /sdk.`
  return new VmunitError('ERR_DRIVER', message, { details: { status, begins: head.slice(0, 200) } })
}
