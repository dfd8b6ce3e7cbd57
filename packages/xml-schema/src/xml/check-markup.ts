import { quote } from '../issues.ts'
import { findForeignReference } from './references.ts'
import { ATTRIBUTE, matchAt, NAME, SPACE } from './syntax.ts'

/** Why a text is not XML as we accept it, and at which offset. */
export interface MarkupProblem {
  readonly at: number
  readonly message: string
  /** Not a slip of the pen, but something that does harm to readers that accept it. */
  readonly isUnsafe?: true | undefined
}

/** More than any file of ours has; end bombs of elements or attributes before they reach the parser. */
const MAX_DEPTH = 16
const MAX_ATTRIBUTES = 32
const MAX_ELEMENTS = 500_000

interface OpenElement {
  readonly name: string
  readonly at: number
}

/**
 * Finds the first place where a text is not well-formed XML, or uses what we refuse: a DTD, entities, another encoding
 * than UTF-8, deep nesting.
 *
 * fast-xml-parser and its validator let a good deal pass (`<a></a/>`, unclosed comments, "&" and "<" in values,
 * a second root element), so this goes before them.
 */
export function checkMarkup(text: string): MarkupProblem | undefined {
  const attribute = new RegExp(ATTRIBUTE, 'y')
  const startTag = new RegExp(`<(${NAME})`, 'y')
  const startTagEnd = new RegExp(`${SPACE}*(/?)>`, 'y')
  const endTag = new RegExp(`</(${NAME})${SPACE}*>`, 'y')
  const space = new RegExp(`${SPACE}*`, 'y')
  const hasReferences = text.includes('&')
  const open: OpenElement[] = []
  let elements = 0
  let rootEnded = false
  let at = 0

  /** The end of the tag at `at`, or what is wrong with it. */
  const readStartTag = (): number | MarkupProblem => {
    const name = matchAt(startTag, text, at)?.[1]
    if (name === undefined) return { at, message: '"<" does not begin a tag here (for "<" itself write "&lt;")' }
    if (rootEnded) return { at, message: `the element <${name}> stands after the end of the root element` }
    if (open.length === MAX_DEPTH) return { at, message: `elements are nested more than ${MAX_DEPTH} deep` }
    elements += 1
    if (elements > MAX_ELEMENTS) return { at, message: `there are more than ${MAX_ELEMENTS} elements` }
    if (name in Object.prototype || name === 'prototype') return { at, message: `unknown element <${name}>` }
    let end = startTag.lastIndex
    let attributes = 0
    for (let match = matchAt(attribute, text, end); match !== null; match = matchAt(attribute, text, end)) {
      end = attribute.lastIndex
      attributes += 1
      if (attributes > MAX_ATTRIBUTES) return { at, message: `<${name}> has more than ${MAX_ATTRIBUTES} attributes` }
      const value = match[3] ?? ''
      const foreign = hasReferences ? findForeignReference(value) : -1
      if (foreign !== -1) return foreignReference(text, end - value.length + foreign)
    }
    const closing = matchAt(startTagEnd, text, end)?.[1]
    if (closing === undefined) {
      matchAt(space, text, end)
      return { at: space.lastIndex, message: `the tag <${name}> does not go on with name="value" or end with ">"` }
    }
    if (closing === '') open.push({ name, at })
    else rootEnded = open.length === 0
    return startTagEnd.lastIndex
  }

  const readEndTag = (): number | MarkupProblem => {
    const name = matchAt(endTag, text, at)?.[1]
    if (name === undefined) return { at, message: '"</" does not begin an end tag' }
    const last = open.pop()
    if (last?.name !== name) {
      const expected = last === undefined ? 'nothing is open' : `</${last.name}> is expected`
      return { at, message: `</${name}> stands where ${expected}` }
    }
    rootEnded = open.length === 0
    return endTag.lastIndex
  }

  const readMarkup = (): number | MarkupProblem => {
    if (text.startsWith('<?', at)) return readDeclaration(text, at)
    if (text.startsWith('<!--', at)) return readComment(text, at)
    if (text.startsWith('<![CDATA[', at)) {
      if (open.length === 0) return { at, message: 'a CDATA section stands outside the root element' }
      const end = text.indexOf(']]>', at)
      return end === -1 ? { at, message: 'the CDATA section is not closed' } : end + 3
    }
    if (text.startsWith('<!', at)) {
      const message = 'document type and entity declarations (<!DOCTYPE, <!ENTITY) are not accepted'
      return { at, message, isUnsafe: true }
    }
    return text.startsWith('</', at) ? readEndTag() : readStartTag()
  }

  for (;;) {
    matchAt(space, text, at)
    if (text[space.lastIndex] !== '<') {
      const problem = checkText(text, space.lastIndex, open.length > 0)
      if (problem !== undefined) return problem
    }
    at = text.indexOf('<', at)
    if (at === -1) break
    const end = readMarkup()
    if (typeof end !== 'number') return end
    at = end
  }
  const unclosed = open.at(-1)
  if (unclosed !== undefined) return { at: unclosed.at, message: `the element <${unclosed.name}> is not closed` }
  return rootEnded ? undefined : { at: 0, message: 'the file holds no element' }
}

function foreignReference(text: string, at: number): MarkupProblem {
  const shown = /^&[^;\s<"']{0,30};?/.exec(text.slice(at, at + 40))?.[0] ?? '&'
  const known = '&amp; &lt; &gt; &quot; &apos; and numbers such as &#38;'
  const message = `${quote(shown)} is not accepted, only ${known} (for "&" itself write "&amp;")`
  // "R&D" is a slip; a reference by name asks for an entity that somebody declared.
  return /^&[^#].*;$/.test(shown) ? { at, message, isUnsafe: true } : { at, message }
}

/** Text up to the next markup; blanks have been skipped. */
function checkText(text: string, at: number, inside: boolean): MarkupProblem | undefined {
  const next = text.indexOf('<', at)
  const content = text.slice(at, next === -1 ? text.length : next)
  if (content === '') return undefined
  if (!inside) return { at, message: `text stands outside the root element: ${quote(content.trimEnd())}` }
  const foreign = findForeignReference(content)
  if (foreign !== -1) return foreignReference(text, at + foreign)
  const bracket = content.indexOf(']]>')
  return bracket === -1 ? undefined : { at: at + bracket, message: '"]]>" must not stand in text' }
}

function readComment(text: string, at: number): number | MarkupProblem {
  const end = text.indexOf('--', at + 4)
  if (end === -1) return { at, message: 'the comment is not closed' }
  return text[end + 2] === '>' ? end + 3 : { at: end, message: '"--" must not stand inside a comment' }
}

const DECLARATION = new RegExp(
  `<\\?xml${SPACE}+version${SPACE}*=${SPACE}*(?:"1\\.0"|'1\\.0')` +
    `(?:${SPACE}+encoding${SPACE}*=${SPACE}*(?:"([A-Za-z][\\w.-]*)"|'([A-Za-z][\\w.-]*)'))?` +
    `(?:${SPACE}+standalone${SPACE}*=${SPACE}*(?:"(?:yes|no)"|'(?:yes|no)'))?${SPACE}*\\?>`,
  'y',
)

/**
 * The XML declaration. Other processing instructions mean nothing in our files, and fast-xml-parser does not see their
 * end where quotes stand in them: what is between two of them would be lost.
 */
function readDeclaration(text: string, at: number): number | MarkupProblem {
  if (!/^<\?xml[ \t\r\n?]/.test(text.slice(at, at + 6))) {
    return { at, message: 'processing instructions (<?...?>) are not accepted' }
  }
  if (at > 0) return { at, message: 'an XML declaration may stand only at the very beginning of the file' }
  const declaration = matchAt(DECLARATION, text, at)
  const expected = '<?xml version="1.0" encoding="utf-8"?>'
  if (declaration === null) return { at, message: `the XML declaration is not like ${expected}` }
  const encoding = declaration[1] ?? declaration[2] ?? 'utf-8'
  if (encoding.toLowerCase() === 'utf-8') return declaration[0].length
  return { at, message: `the encoding ${quote(encoding)} is declared, but only UTF-8 is accepted (write ${expected})` }
}
