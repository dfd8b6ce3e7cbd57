import { type FileIssue, issuesError, quote } from '../issues.ts'

/** One line of a property file that counts. */
export interface Property {
  readonly key: string
  readonly value: string
  /** Counts from 1. */
  readonly line: number
}

/**
 * Reads a property file (spec §4.4): `key=value` lines in the order of the file.
 *
 * Lines that begin with `#` or `!`, empty lines and keys without a value are passed over; blanks at the ends of a line
 * and round the first `=` do not count; there are no escapes and no continued lines. Of equal keys the last one stays.
 * A value behind ":" or a blank, which other readers of such files accept, is a problem. Outside comments only
 * ISO 8859-1 characters may stand.
 *
 * @param file - how messages and issues call the file.
 * @param secrets - keys of which no value stands in a message.
 * @throws {@link VmunitError} `ERR_INVALID_FILE` with every line that has other characters, no key, or
 * a value without "=".
 */
export function parseProperties(text: string, file: string, secrets: readonly string[] = []): readonly Property[] {
  const properties = new Map<string, Property>()
  const issues: FileIssue[] = []
  for (const [index, content] of text.split(/\r\n|\r|\n/).entries()) {
    const line = index + 1
    const trimmed = withoutBlanks(content)
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith('!')) continue
    const foreign = /[^\t\x20-\x7e\x80-\xff]/u.exec(trimmed)?.[0]
    if (foreign !== undefined) {
      const secret = secretOf(trimmed, secrets)
      const what = secret === undefined ? `${quote(foreign)} is` : `${secret} has a character that is`
      issues.push({ path: file, line, message: `${what} not a printable ISO 8859-1 character` })
      continue
    }
    const separator = trimmed.indexOf('=')
    if (separator === -1) {
      if (OTHER_SEPARATOR.test(trimmed)) issues.push({ path: file, line, message: 'there is no "=" (write key=value)' })
      continue
    }
    const key = withoutBlanks(trimmed.slice(0, separator))
    const value = withoutBlanks(trimmed.slice(separator + 1))
    if (key === '') issues.push({ path: file, line, message: 'there is no key before "=" (write key=value)' })
    else if (value !== '') {
      properties.delete(key)
      properties.set(key, { key, value, line })
    }
  }
  if (issues.length > 0) throw issuesError('ERR_INVALID_FILE', issues, 'correct the file and read it again')
  return [...properties.values()]
}

/** A key and a value that something else than "=" separates: passed over, the default would take the place of the value. */
const OTHER_SEPARATOR = /^[^: \t\f]*[: \t\f]+[^: \t\f]/

/** What stands between blanks. A regular expression would try each of a long run of them as the beginning of the end. */
function withoutBlanks(text: string): string {
  const isBlank = (at: number): boolean => ' \t\f'.includes(text.charAt(at))
  let start = 0
  let end = text.length
  while (start < end && isBlank(start)) start += 1
  while (start < end && isBlank(end - 1)) end -= 1
  return text.slice(start, end)
}

/** The secret key that a line or a key begins with: behind it, whatever the separator, stands what nobody may see. */
export function secretOf(line: string, secrets: readonly string[]): string | undefined {
  return secrets.find((key) => line.toLowerCase().startsWith(key.toLowerCase()))
}
