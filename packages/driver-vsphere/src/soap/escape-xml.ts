import { VmunitError } from '../errors.ts'

const REPLACEMENTS: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // As it is, readers would take it for the end of a line.
  '\r': '&#13;',
}

// What XML 1.0 cannot carry, not even as a reference, and other control characters that no name or key has.
const IMPOSSIBLE = /[^\P{Cc}\t\n\r]|[\uFFFE\uFFFF]/u

/**
 * Text as it stands in XML, between tags or in quotes.
 *
 * @throws VmunitError `ERR_INVALID_INPUT` for characters that XML cannot carry.
 */
export function escapeXml(text: string): string {
  if (IMPOSSIBLE.test(text) || !text.isWellFormed()) {
    throw new VmunitError('ERR_INVALID_INPUT', 'A value holds characters that XML cannot carry: take them out.', {
      details: { value: JSON.stringify(text).slice(0, 200) },
    })
  }
  return text.replace(/[&<>"\r]/g, (character) => REPLACEMENTS[character] ?? character)
}
