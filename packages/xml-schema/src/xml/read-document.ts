import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { checkMarkup, type MarkupProblem } from './check-markup.ts'
import { decodeAttribute } from './references.ts'

/** An element as it stands in the file: every value is text. */
export interface XmlElement {
  readonly name: string
  /** `/virtualserver-info/group[2]`: counts siblings of the same name from 1; the root has no number. */
  readonly path: string
  /** Offset of its "<". */
  readonly at: number
  /** By name with an `@` before it, so that no name means anything to JavaScript. */
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  /** Where it holds text other than white space: behind these offsets, each the end of a child or `at`. */
  readonly textAfter: readonly number[]
}

/** The root element of a text that is well-formed and has nothing in it that we refuse, or why it is not. */
export function readDocument(text: string): XmlElement | MarkupProblem {
  const problem = checkDocument(text)
  if (problem !== undefined) return problem
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    cdataPropName: CDATA,
    ignoreDeclaration: true,
    ignorePiTags: true,
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    processEntities: false,
    captureMetaData: true,
  })
  const [root] = readContent(parser.parse(text), '', 0).children
  return root ?? { at: 0, message: 'the file holds no element' }
}

/** What is wrong with a text as XML, and what in it is refused. */
export function checkDocument(text: string): MarkupProblem | undefined {
  return checkMarkup(text) ?? checkWithLibrary(text)
}

/** What is left to the validator: attributes that are repeated. */
function checkWithLibrary(text: string): MarkupProblem | undefined {
  const result = XMLValidator.validate(text)
  if (result === true) return undefined
  const { msg, line, col } = result.err
  const before = text.split('\n').slice(0, line - 1)
  return { at: before.reduce((sum, each) => sum + each.length + 1, 0) + col - 1, message: msg.replace(/\.$/, '') }
}

const CDATA = '#cdata'
const TEXT = '#text'
const META = XMLParser.getMetaDataSymbol() as symbol

/** What the parser makes of an element, a text or a CDATA section: its first key tells which. */
interface ParsedNode {
  readonly [name: string]: unknown
  readonly [meta: symbol]: { readonly startIndex: number; readonly endIndex: number } | undefined
}

function readContent(
  nodes: readonly ParsedNode[],
  parentPath: string,
  start: number,
): Pick<XmlElement, 'children' | 'textAfter'> {
  const children: XmlElement[] = []
  const textAfter: number[] = []
  const counts = new Map<string, number>()
  let gap = start
  for (const node of nodes) {
    const name = Object.keys(node)[0] ?? ''
    const content = node[name]
    if (name === TEXT || name === CDATA) {
      const blank = name === TEXT && !/[^ \t\n]/.test(String(content))
      if (!blank && textAfter.at(-1) !== gap) textAfter.push(gap)
      continue
    }
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    const path = parentPath === '' ? `/${name}` : `${parentPath}/${name}[${count}]`
    const { startIndex, endIndex } = node[META] ?? { startIndex: gap, endIndex: gap }
    const attributes = readAttributes((node[':@'] ?? {}) as Readonly<Record<string, string>>)
    const inner = readContent(content as readonly ParsedNode[], path, startIndex)
    children.push({ name, path, at: startIndex, attributes, ...inner })
    gap = endIndex
  }
  return { children, textAfter }
}

/** Decodes the values where there is anything to decode; most files have nothing. */
function readAttributes(raw: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(raw)
  if (entries.every(([, value]) => !/[&\t\n]/.test(value))) return raw
  return Object.fromEntries(entries.map(([name, value]) => [name, decodeAttribute(value)]))
}
