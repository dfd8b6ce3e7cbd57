import { UnknownShape } from './unknown-shape.ts'

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** The text that XML stands for: references resolved, line ends as XML reads them. */
export function decodeText(raw: string): string {
  const text = raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw
  return text.includes('&') ? text.replace(/&(?:#(\d+)|#x([0-9A-Fa-f]+)|(\w+));|&/g, reference) : text
}

function reference(found: string, decimal?: string, hexadecimal?: string, name?: string): string {
  const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal)
  if (code <= 0x10_ff_ff && !(code >= 0xd8_00 && code <= 0xdf_ff)) return String.fromCodePoint(code)
  const character = name === undefined ? undefined : NAMED[name]
  if (character === undefined) throw new UnknownShape(`reference ${found.slice(0, 20)}`)
  return character
}
