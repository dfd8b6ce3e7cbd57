import { VmunitError } from '../errors.ts'

const REPLACEMENTS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

// What XML 1.0 cannot carry, not even as a reference; and half a surrogate pair.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const IMPOSSIBLE = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/

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
  return text.replace(/[&<>"]/g, (character) => REPLACEMENTS[character] ?? character)
}
