import { matchAt, NAME } from './syntax.ts'

const PREDEFINED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

const REFERENCE = `&(${NAME}|#[0-9]+|#x[0-9A-Fa-f]+);`

/** Characters that no XML 1.0 document can hold, in whatever way they are written. */
export const FORBIDDEN_CHARACTER = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u

/** Where in `value` an "&" stands that is neither a predefined nor a valid numeric reference; -1 when nowhere. */
export function findForeignReference(value: string): number {
  const reference = new RegExp(REFERENCE, 'y')
  for (let at = value.indexOf('&'); at !== -1; at = value.indexOf('&', at + 1)) {
    const name = matchAt(reference, value, at)?.[1]
    if (name === undefined || resolve(name) === undefined) return at
  }
  return -1
}

/** The text that an attribute value stands for: white space becomes blanks, references become their characters. */
export function decodeAttribute(value: string): string {
  const blanks = /[\t\n\r]/.test(value) ? value.replace(/[\t\n\r]/g, ' ') : value
  if (!blanks.includes('&')) return blanks
  return blanks.replace(new RegExp(REFERENCE, 'g'), (reference, name: string) => resolve(name) ?? reference)
}

/** Writes any text as an attribute value in double quotes, so that it reads back as it is. */
export function encodeAttribute(value: string): string {
  return value.replace(/[&<>"\t\n\r]/g, (character) => {
    for (const [name, meaning] of PREDEFINED) if (meaning === character) return `&${name};`
    return `&#${character.charCodeAt(0)};`
  })
}

function resolve(name: string): string | undefined {
  if (!name.startsWith('#')) return PREDEFINED.get(name)
  const codePoint = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10)
  if (codePoint > 0x10ffff) return undefined
  const character = String.fromCodePoint(codePoint)
  return FORBIDDEN_CHARACTER.test(character) ? undefined : character
}
