import { UnknownShape } from './unknown-shape.ts'

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** The text that XML stands for: references resolved, line ends as XML reads them. */
export function decodeText(raw: string): string {
  const text = raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw
  return text.includes('&') ? text.replace(/&(?:#?\w+;)?/g, characterOf) : text
}

function characterOf(reference: string): string {
  const name = reference.slice(1, -1)
  const character = name.startsWith('#') ? numbered(name.slice(1)) : NAMED[name]
  if (character === undefined) throw new UnknownShape(`reference ${reference.slice(0, 20)}`)
  return character
}

function numbered(digits: string): string | undefined {
  const isHexadecimal = digits.startsWith('x')
  if (!(isHexadecimal ? /^x[0-9A-Fa-f]+$/ : /^[0-9]+$/).test(digits)) return undefined
  const code = isHexadecimal ? Number.parseInt(digits.slice(1), 16) : Number(digits)
  const isSurrogate = code >= 0xd8_00 && code <= 0xdf_ff
  return code === 0 || code > 0x10_ff_ff || isSurrogate ? undefined : String.fromCodePoint(code)
}
