import type { MarkupProblem } from './check-markup.ts'
import { FORBIDDEN_CHARACTER } from './references.ts'

/** The text of a file; when it is not acceptable, the problem and as much of the text as its position needs. */
export interface DecodedText {
  readonly text: string
  readonly problem?: MarkupProblem | undefined
}

/**
 * Turns a file into text with `\n` line ends and without byte order mark.
 *
 * Size is checked before anything else; then that the bytes are UTF-8, and that every character may stand in XML.
 */
export function decodeText(xml: string | Uint8Array, maxBytes: number): DecodedText {
  const sizeBytes = typeof xml === 'string' ? Buffer.byteLength(xml) : xml.byteLength
  if (sizeBytes > maxBytes) {
    return {
      text: '',
      problem: {
        at: 0,
        message: `the file has ${sizeBytes} bytes, but at most ${maxBytes} are accepted`,
        isUnsafe: true,
      },
    }
  }
  const decoded = typeof xml === 'string' ? withoutMark(xml) : decodeUtf8(xml)
  const damage = typeof decoded === 'string' ? undefined : 'the file is not UTF-8 here (save it with that encoding)'
  const source = typeof decoded === 'string' ? decoded : decoded.intact
  const text = source.includes('\r') ? source.replace(/\r\n?/g, '\n') : source
  const at = text.search(FORBIDDEN_CHARACTER)
  if (at !== -1) {
    const code = (text.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, '0')
    return { text, problem: { at, message: `the character U+${code} is not allowed in XML` } }
  }
  return damage === undefined ? { text } : { text, problem: { at: text.length, message: damage } }
}

function decodeUtf8(bytes: Uint8Array): string | { readonly intact: string } {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { intact: intactPart(bytes) }
  }
}

/** What stands before the first byte that is not UTF-8: the decoder puts U+FFFD there, which may also stand for itself. */
function intactPart(bytes: Uint8Array): string {
  const lenient = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  let offset = 0
  let from = 0
  for (let at = lenient.indexOf('\uFFFD'); at !== -1; at = lenient.indexOf('\uFFFD', from)) {
    offset += Buffer.byteLength(lenient.slice(from, at))
    if (Buffer.compare(bytes.subarray(offset, offset + 3), REPLACEMENT) !== 0) return withoutMark(lenient.slice(0, at))
    offset += REPLACEMENT.length
    from = at + 1
  }
  return withoutMark(lenient)
}

const REPLACEMENT = Buffer.from('\uFFFD')

function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}
