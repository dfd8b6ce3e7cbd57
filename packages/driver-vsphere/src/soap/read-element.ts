import { decodeText } from './decode-text.ts'
import { UnknownShape } from './unknown-shape.ts'
import type { XmlNode } from './xml-node.ts'

/** An element, and where the text goes on after it. */
export interface ReadElement {
  readonly node: XmlNode
  readonly end: number
}

const OPENING = /<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)((?:\s+[A-Za-z_][\w.-]*(?::[\w.-]+)?="[^"<]*")*)(\/?)>/y
const XSI_TYPE = /\s[\w.-]+:type="([^"]*)"/
const PLAIN_TYPE = /\stype="([^"]*)"/

const NO_CHILDREN: readonly XmlNode[] = []

/**
 * Reads the element that begins at `start`: the plain XML that SOAP servers write, without comments, sections and
 * instructions.
 *
 * @throws UnknownShape for everything else.
 */
export function readElement(xml: string, start: number): ReadElement {
  OPENING.lastIndex = start
  const opening = OPENING.exec(xml)
  const name = opening?.[1]
  if (opening === null || name === undefined) throw new UnknownShape(`tag at ${start}`)
  const attributes = opening[2] ?? ''
  const head = {
    name,
    xsiType: attributes === '' ? undefined : xsiTypeAttribute(attributes),
    type: typeAttribute(attributes),
  }
  const inside = OPENING.lastIndex
  if (opening[3] === '/') return { node: { ...head, text: '', children: NO_CHILDREN }, end: inside }
  let children: XmlNode[] | undefined
  let text = ''
  for (let position = inside; ; ) {
    const tag = xml.indexOf('<', position)
    if (tag < 0) throw new UnknownShape(`${name} does not end`)
    if (tag > position) text += xml.slice(position, tag)
    if (xml.charCodeAt(tag + 1) === SLASH) {
      const end = closingEnd(xml, tag, name)
      return { node: { ...head, text: decodeText(text), children: children ?? NO_CHILDREN }, end }
    }
    const child = readElement(xml, tag)
    children ??= []
    children.push(child.node)
    position = child.end
  }
}

const SLASH = 47

function xsiTypeAttribute(attributes: string): string | undefined {
  const type = XSI_TYPE.exec(attributes)?.[1]
  if (type === undefined) return undefined
  const name = decodeText(type)
  return name.slice(name.indexOf(':') + 1)
}

function typeAttribute(attributes: string): string | undefined {
  const type = attributes.includes(' type="') ? PLAIN_TYPE.exec(attributes)?.[1] : undefined
  return type === undefined ? undefined : decodeText(type)
}

function closingEnd(xml: string, tag: number, name: string): number {
  const end = xml.indexOf('>', tag)
  const closing = xml.slice(tag + 2, end)
  const local = closing.slice(closing.indexOf(':') + 1)
  if (end < 0 || local.trimEnd() !== name) throw new UnknownShape(`${name} ends as ${closing.slice(0, 40)}`)
  return end + 1
}
