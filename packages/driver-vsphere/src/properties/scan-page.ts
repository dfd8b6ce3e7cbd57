import { decodeText } from '../soap/decode-text.ts'
import { readElement } from '../soap/read-element.ts'
import { UnknownShape } from '../soap/unknown-shape.ts'
import type { XmlNode } from '../soap/xml-node.ts'
import { faultName } from './missing-fault.ts'
import { type PropertyObject, type PropertyPage, propertyObject } from './property-object.ts'

const RETURN = '<returnval>'
const OBJECT = '<objects><obj type="'
const OBJECT_END = '</objects>'
const PROPERTY = '<propSet><name>'
const VALUE = '</name><val'
const VALUE_END = '</val>'
const PROPERTY_END = '</propSet>'
const MISSING = '<missingSet>'
const TOKEN = '<token>'
// Declaration, envelope, body, response; and their ends.
const HEAD = /^\uFEFF?(?:<\?xml[^<>]*\?>)?\s*(?:<[\w:.-]+(?:\s[^<>]*)?>\s*){3}$/
// An answer without objects, as some servers write it.
const EMPTY = /<Retrieve\w+Response[^<>]*(?:\/>|><\/)/
const TAIL = /^\s*(?:<\/[\w:.-]+>\s*){3}$/

/** A place in the text that only goes forward. */
interface Cursor {
  readonly xml: string
  position: number
}

const NO_CHILDREN: readonly XmlNode[] = []
// Below that, it is not worth to look for objects yet.
const WORTHWHILE = 32_768

/** Reads an answer while it comes. */
export interface PageScanner<T> {
  push(text: string): void
  /** What was read. @throws UnknownShape when something did not stand where it belongs */
  finish(): PropertyPage<T>
}

/**
 * Finds the objects of an answer to `RetrievePropertiesEx` by the few marks that such an answer consists of: several
 * times as fast as a parser, and for 10,000 machines that counts.
 *
 * Each object is converted as soon as it is there, so that neither the answer nor its objects ever lie in memory as a
 * whole. It takes nothing for granted: every mark must stand where it belongs. Where one does not, the answer may be
 * right nevertheless, and a parser has to read it.
 */
export function createPageScanner<T>(convert: (object: PropertyObject) => T): PageScanner<T> {
  const names: Names = { paths: new Map(), types: new Map() }
  const objects: T[] = []
  let token: string | undefined
  let hasBegun = false
  let pending = ''
  let failure: unknown

  function begin(cursor: Cursor): void {
    const start = cursor.xml.indexOf(RETURN)
    if (!HEAD.test(cursor.xml.slice(0, Math.max(0, start)))) throw new UnknownShape('another beginning')
    cursor.position = start + RETURN.length
    if (cursor.xml.startsWith(TOKEN, cursor.position)) token = element(cursor).text
    hasBegun = true
  }

  /** Reads all objects that are there as a whole. */
  function advance(): void {
    const last = pending.lastIndexOf(OBJECT_END)
    if (last < 0) return
    const end = last + OBJECT_END.length
    const cursor: Cursor = { xml: pending.slice(0, end), position: 0 }
    if (!hasBegun) begin(cursor)
    while (cursor.position < end) {
      expect(cursor, OBJECT)
      objects.push(convert(scanObject(cursor, names)))
    }
    pending = pending.slice(end)
  }

  function end(): void {
    advance()
    if (!hasBegun && EMPTY.test(pending)) return
    const cursor: Cursor = { xml: pending, position: 0 }
    if (!hasBegun) begin(cursor)
    expect(cursor, '</returnval>')
    if (!TAIL.test(pending.slice(cursor.position))) throw new UnknownShape('another end')
  }

  function attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      failure ??= error
      pending = ''
    }
  }

  return {
    push(text) {
      if (failure !== undefined) return
      pending += text
      if (pending.length >= WORTHWHILE) attempt(advance)
    },
    finish() {
      if (failure === undefined) attempt(end)
      if (failure !== undefined) throw failure
      return { objects, token }
    },
  }
}

/** As {@link createPageScanner}, for an answer that is there as a whole. */
export function scanPage<T>(xml: string, convert: (object: PropertyObject) => T): PropertyPage<T> {
  const scanner = createPageScanner(convert)
  scanner.push(xml)
  return scanner.finish()
}

/** What the same text stands for again and again. */
interface Names {
  readonly paths: Map<string, string>
  readonly types: Map<string, Pick<XmlNode, 'type' | 'xsiType'>>
}

function scanObject(cursor: Cursor, { paths, types }: Names): PropertyObject {
  const type = upTo(cursor, '">')
  const id = upTo(cursor, '</obj>')
  const properties = new Map<string, XmlNode>()
  let missing: Map<string, string> | undefined
  for (;;) {
    if (cursor.xml.startsWith(PROPERTY, cursor.position)) {
      cursor.position += PROPERTY.length
      const name = interned(paths, upTo(cursor, VALUE))
      properties.set(name, scanValue(cursor, types))
      expect(cursor, PROPERTY_END)
    } else if (cursor.xml.startsWith(MISSING, cursor.position)) {
      missing ??= new Map()
      missing.set(...faultName(element(cursor)))
    } else {
      expect(cursor, OBJECT_END)
      return propertyObject({ type: decodeText(type), id: decodeText(id) }, properties, missing)
    }
  }
}

function scanValue(cursor: Cursor, types: Map<string, Pick<XmlNode, 'type' | 'xsiType'>>): XmlNode {
  const start = cursor.position - '<val'.length
  const open = cursor.xml.indexOf('>', cursor.position)
  const next = cursor.xml.indexOf('<', open)
  if (open < 0 || !cursor.xml.startsWith(VALUE_END, next)) {
    cursor.position = start
    return element(cursor)
  }
  const attributes = cursor.xml.slice(cursor.position, open)
  let known = types.get(attributes)
  if (known === undefined) {
    known = readElement(`<val${attributes}></val>`, 0).node
    types.set(attributes, known)
  }
  cursor.position = next + VALUE_END.length
  const text = decodeText(cursor.xml.slice(open + 1, next))
  return { name: 'val', xsiType: known.xsiType, type: known.type, text, children: NO_CHILDREN }
}

function element(cursor: Cursor): XmlNode {
  const { node, end } = readElement(cursor.xml, cursor.position)
  cursor.position = end
  return node
}

/** What stands before a mark, which is taken as well. Markup in between means that the mark belongs to something else. */
function upTo(cursor: Cursor, mark: string): string {
  const { xml, position } = cursor
  const end = xml.indexOf(mark, position)
  const text = end < 0 ? '<' : xml.slice(position, end)
  if (text.includes('<')) throw new UnknownShape(`${mark} is missing at ${position}`)
  cursor.position = end + mark.length
  return text
}

function expect(cursor: Cursor, mark: string): void {
  if (!cursor.xml.startsWith(mark, cursor.position)) throw new UnknownShape(`${mark} is missing at ${cursor.position}`)
  cursor.position += mark.length
}

function interned(names: Map<string, string>, raw: string): string {
  let name = names.get(raw)
  if (name === undefined) {
    name = decodeText(raw)
    names.set(raw, name)
  }
  return name
}
