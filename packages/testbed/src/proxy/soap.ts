import {
  attributeOf,
  childOf,
  contentOf,
  descend,
  elementsIn,
  escapeXml,
  textOf,
  typeOf,
  type XmlElement,
} from './xml.ts'

/** A managed object reference. */
export interface Reference {
  readonly type: string
  readonly value: string
}

/** One call as it came: the document, and where its parts are in it. */
export interface SoapRequest {
  readonly xml: string
  readonly method: string
  readonly element: XmlElement
  readonly target: Reference | undefined
  /** The `operationID` of the SOAP header, by which vCenter's logs tie calls together. */
  readonly operationId: string | undefined
}

const namespaces =
  'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" ' +
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

/** A whole SOAP document around a body. */
export function envelope(body: string): string {
  const start = `<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope ${namespaces}>`
  return `${start}<soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`
}

/** A call as vim25 wants it; `content` follows `_this`. */
export function callBody(method: string, target: Reference, content: string): string {
  return `<${method} xmlns="urn:vim25">${referenceXml('_this', target)}${content}</${method}>`
}

export function referenceXml(name: string, reference: Reference): string {
  return `<${name} type="${reference.type}">${escapeXml(reference.value)}</${name}>`
}

/** A fault as vCenter answers it; `fields` is the content of the fault's element. */
export function faultBody(name: string, message: string, fields = ''): string {
  const detail = `<${name}Fault xmlns="urn:vim25" xsi:type="${name}">${fields}</${name}Fault>`
  const head = `<faultcode>ServerFaultCode</faultcode><faultstring>${escapeXml(message)}</faultstring>`
  return `<soapenv:Fault>${head}<detail>${detail}</detail></soapenv:Fault>`
}

export function referenceOf(xml: string, element: XmlElement): Reference {
  return { type: attributeOf(element, 'type') ?? '', value: textOf(xml, element) }
}

/** The one element in the body of a SOAP document. */
export function bodyElement(xml: string): XmlElement | undefined {
  const body = descend(xml, undefined, ['Envelope', 'Body'])
  return body === undefined
    ? undefined
    : (elementsIn(xml, body.contentStart, body.contentEnd).next().value ?? undefined)
}

/** Reads a call; undefined for what is no SOAP. */
export function readRequest(xml: string): SoapRequest | undefined {
  const element = bodyElement(xml)
  if (element === undefined) return undefined
  const target = childOf(xml, element, '_this')
  const operationId = descend(xml, undefined, ['Envelope', 'Header', 'operationID'])
  return {
    xml,
    method: element.name,
    element,
    target: target === undefined ? undefined : referenceOf(xml, target),
    operationId: operationId === undefined ? undefined : textOf(xml, operationId),
  }
}

/** The name of the fault that an answer carries, such as `NotAuthenticated`. */
export function faultName(xml: string): string | undefined {
  const fault = bodyElement(xml)
  if (fault?.name !== 'Fault') return undefined
  const detail = childOf(xml, fault, 'detail')
  const cause = detail === undefined ? undefined : elementsIn(xml, detail.contentStart, detail.contentEnd).next().value
  if (!cause) return 'RuntimeFault'
  return typeOf(cause) ?? cause.name.replace(/Fault$/, '')
}

/** What a fault says to a person. */
export function faultMessage(xml: string): string {
  const fault = bodyElement(xml)
  const text = fault === undefined ? undefined : childOf(xml, fault, 'faultstring')
  return text === undefined ? '' : textOf(xml, text)
}

/** The `returnval` of an answer that carries a reference. */
export function returnedReference(xml: string): Reference | undefined {
  const value = descend(xml, bodyElement(xml), ['returnval'])
  const type = value === undefined ? undefined : attributeOf(value, 'type')
  return value === undefined || type === undefined ? undefined : { type, value: contentOf(xml, value) }
}
