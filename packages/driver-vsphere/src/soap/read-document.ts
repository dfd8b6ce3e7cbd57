import { readElement } from './read-element.ts'
import { UnknownShape } from './unknown-shape.ts'
import type { XmlNode } from './xml-node.ts'

const DECLARATION = /^\uFEFF?(?:<\?xml[^<>]*\?>)?\s*/

/**
 * The root element of a document, read quickly where it is as SOAP servers write it, else by saxes.
 *
 * @throws Error when it is no XML.
 */
export async function readDocument(xml: string): Promise<XmlNode> {
  try {
    const { node, end } = readElement(xml, DECLARATION.exec(xml)?.[0].length ?? 0)
    if (xml.slice(end).trim() !== '') throw new UnknownShape('text after the end')
    return node
  } catch (error) {
    if (!(error instanceof UnknownShape || error instanceof RangeError)) throw error
    // Loaded only when it is needed: most processes never need it.
    const { parseDocument } = await import('./parse-document.ts')
    return parseDocument(xml)
  }
}
