import { SaxesParser } from 'saxes'
import type { XmlNode } from './xml-node.ts'

interface Building extends XmlNode {
  text: string
  readonly children: Building[]
}

const MAX_DEPTH = 200

/**
 * The root element of a document, by a full parser: slower than the quick reader, and strict.
 *
 * @throws Error when it is no well-formed XML, declares a document type, or nests without end.
 */
export function parseDocument(xml: string): XmlNode {
  const parser = new SaxesParser()
  const open: Building[] = []
  let root: XmlNode | undefined
  const addText = (text: string): void => {
    const node = open.at(-1)
    if (node !== undefined) node.text += text
  }
  parser.on('error', (error) => {
    throw error
  })
  parser.on('doctype', () => {
    throw new Error('the document declares a document type')
  })
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('opentag', (tag) => {
    if (open.length > MAX_DEPTH) throw new Error('the document nests too deeply')
    const node: Building = { name: withoutPrefix(tag.name), ...typesOf(tag.attributes), text: '', children: [] }
    open.at(-1)?.children.push(node)
    open.push(node)
    root ??= node
  })
  parser.on('closetag', () => void open.pop())
  parser.write(xml).close()
  if (root === undefined) throw new Error('the document is empty')
  return root
}

function typesOf(attributes: Readonly<Record<string, string>>): Pick<XmlNode, 'type' | 'xsiType'> {
  const qualified = Object.entries(attributes).find(([name]) => name.endsWith(':type'))?.[1]
  return { type: attributes['type'], xsiType: qualified === undefined ? undefined : withoutPrefix(qualified) }
}

function withoutPrefix(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}
