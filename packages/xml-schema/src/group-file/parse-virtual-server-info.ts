import { DEFAULT_AGENT_PORT, type ErrorCode, type GroupDeclaration, type ServerDeclaration } from '@vmunit/core'
import type * as z from 'zod'
import { issuesError, quote } from '../issues.ts'
import { suggestion } from '../suggestion.ts'
import { decodeText } from '../xml/decode-text.ts'
import { textOffset } from '../xml/position.ts'
import { readDocument, type XmlElement } from '../xml/read-document.ts'
import { findDuplicates } from './find-duplicates.ts'
import { attributePlace, describeProblems, type Problem, type Report } from './report.ts'
import { GROUP, groupAttributes, NAMESPACE, ROOT, rootAttributes, SERVER, serverAttributes } from './vocabulary.ts'

export interface ParseVirtualServerInfoOptions {
  /** A larger file is refused before it is read. Default 16 MiB. */
  readonly maxBytes?: number | undefined
}

/** Nobody reads more, and a hostile file has millions. */
const MAX_PROBLEMS = 10_000

const DEFAULT_MAX_BYTES = 16 * 1024 * 1024

/**
 * Reads a virtual server group information file (`virtualserver-info.xml`).
 *
 * Strict: what the format does not have is a problem, values are taken as they are written, and a document type
 * declaration, entities, processing instructions and other encodings than UTF-8 are refused. All problems of the file (10,000 at most) are found at once, and
 * stand in `details.issues` with path, line and column; but a file that is not well-formed, or of another namespace,
 * is not looked into. Whether names and tiers are known is for the unit to say that gets the groups.
 *
 * @throws {@link VmunitError} `ERR_UNSAFE_FILE` for a document type, an entity or too many bytes; `ERR_DUPLICATE_ADDRESS`
 * when addresses that appear twice are all that is wrong; `ERR_INVALID_FILE` for everything else.
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises'
 * import { parseVirtualServerInfo } from '@vmunit/xml-schema'
 *
 * const groups = parseVirtualServerInfo(await readFile('virtualserver-info.xml'))
 * for (const { name, servers } of groups) console.log(name, servers.map((server) => server.address))
 * ```
 */
export function parseVirtualServerInfo(
  xml: string | Uint8Array,
  options: ParseVirtualServerInfoOptions = {},
): readonly GroupDeclaration[] {
  if (typeof xml !== 'string' && !(xml instanceof Uint8Array)) {
    throw new TypeError(`The file must be a string or a Uint8Array, not ${typeof xml}.`)
  }
  const { text, problem } = decodeText(xml, options.maxBytes ?? DEFAULT_MAX_BYTES)
  const problems: Problem[] = []
  const report: Report = (found) => {
    if (problems.length < MAX_PROBLEMS) problems.push(found)
  }
  const root = problem ?? readDocument(text)
  if ('message' in root) report({ stage: 'markup', path: '/', ...root })
  else if (checkRoot(root, report)) {
    const groups = readGroups(root, { text, report })
    findDuplicates(root, report)
    if (problems.length === 0) return groups
  }
  throw problemsError(text, problems)
}

function problemsError(text: string, problems: readonly Problem[]): Error {
  return issuesError(codeOf(problems), describeProblems(text, problems), 'correct the file and read it again')
}

function codeOf(problems: readonly Problem[]): ErrorCode {
  if (problems.some(({ isUnsafe }) => isUnsafe)) return 'ERR_UNSAFE_FILE'
  return problems.every(({ stage }) => stage === 'duplicate address') ? 'ERR_DUPLICATE_ADDRESS' : 'ERR_INVALID_FILE'
}

interface Context {
  readonly text: string
  readonly report: Report
}

/** Whether the file is of our vocabulary at all. */
function checkRoot(root: XmlElement, report: Report): boolean {
  if (root.name !== ROOT) {
    const message = `the root element must be <${ROOT} xmlns="${NAMESPACE}">, but is <${root.name}>`
    report({ stage: 'structure', path: root.path, at: root.at, message })
    return false
  }
  if (root.attributes['@xmlns'] === NAMESPACE) return true
  readAttributes(root, rootAttributes, report)
  return false
}

function readGroups(root: XmlElement, context: Context): readonly GroupDeclaration[] {
  readAttributes(root, rootAttributes, context.report)
  return readChildren(root, GROUP, context).map((group) => ({
    name: readAttributes(group, groupAttributes, context.report)?.['@name'] ?? '',
    servers: readChildren(group, SERVER, context).map((server) => readServer(server, context)),
  }))
}

function readServer(server: XmlElement, context: Context): ServerDeclaration {
  checkContent(server, [], context)
  const attributes = readAttributes(server, serverAttributes, context.report)
  const { '@tier': tierId = '', '@ip': address = '', '@port': port, '@serviceip': serviceAddress } = attributes ?? {}
  const declaration = { tierId, address, port: port === undefined ? DEFAULT_AGENT_PORT : Number(port) }
  return serviceAddress === undefined ? declaration : { ...declaration, serviceAddress }
}

/** The children of one name, of which there must be at least one and no others. */
function readChildren(element: XmlElement, name: string, context: Context): readonly XmlElement[] {
  checkContent(element, [name], context)
  const children = element.children.filter((child) => child.name === name)
  if (children.length === 0) {
    const message = `<${element.name}> needs at least one <${name}>`
    context.report({ stage: 'structure', path: element.path, at: element.at, message })
  }
  return children
}

function checkContent(element: XmlElement, known: readonly string[], { text, report }: Context): void {
  for (const gap of element.textAfter) {
    const at = textOffset(text, gap)
    const shown = quote(text.slice(at, at + 40).split(/[\n<]/)[0] || text.slice(at, at + 9))
    report({ stage: 'structure', path: element.path, at, message: `<${element.name}> must not hold text: ${shown}` })
  }
  for (const child of element.children) {
    if (known.includes(child.name)) continue
    const message = `unknown element <${child.name}> in <${element.name}>${suggestion(child.name, known)}`
    report({ stage: 'structure', path: child.path, at: child.at, message })
  }
}

/** The attributes as their schema has them; undefined when problems were reported. */
function readAttributes<T>(element: XmlElement, schema: z.ZodObject & z.ZodType<T>, report: Report): T | undefined {
  const result = schema.safeParse(element.attributes)
  if (result.success) return result.data
  for (const issue of result.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        const known = Object.keys(schema.shape).map((each) => each.slice(1))
        const message = `unknown attribute ${key.slice(1)} of <${element.name}>${suggestion(key.slice(1), known)}`
        report({ stage: 'structure', ...attributePlace(element, key), message })
      }
      continue
    }
    const key = String(issue.path[0])
    const stage = key in element.attributes ? 'syntax' : 'structure'
    report({ stage, ...attributePlace(element, key), message: `${key.slice(1)} ${issue.message}` })
  }
  return undefined
}
