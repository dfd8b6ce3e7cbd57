import { VmunitError } from '@vmunit/core'
import { quote } from '../issues.ts'
import { type Property, parseProperties } from './parse-properties.ts'

/**
 * Writes a property file that reads back as the same keys and values, in the same order.
 *
 * @throws {@link VmunitError} `ERR_INVALID_INPUT` when the format cannot hold an entry: an empty value, a line break,
 * blanks at an end, a character beyond ISO 8859-1, a key that is there already.
 */
export function formatProperties(entries: readonly Pick<Property, 'key' | 'value'>[]): string {
  const keys = new Set<string>()
  const lines = entries.map(({ key, value }) => {
    const line = `${key}=${value}`
    if (keys.has(key) || !readsBack(line, key, value)) {
      const reason = keys.has(key) ? 'is there already' : 'has a key or value that a property file cannot hold'
      throw new VmunitError('ERR_INVALID_INPUT', `The property ${quote(key)} ${reason}; change it.`, {
        details: { key },
      })
    }
    keys.add(key)
    return `${line}\n`
  })
  return lines.join('')
}

function readsBack(line: string, key: string, value: string): boolean {
  if (/[\r\n]|[^\t\x20-\x7e\x80-\xff]/.test(line)) return false
  const [property] = parseProperties(key === '' ? '' : line, 'line')
  return property?.key === key && property.value === value
}
