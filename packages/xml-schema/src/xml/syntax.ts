/** White space of XML: fewer characters than `\s`. */
export const SPACE = '[ \\t\\r\\n]'

const NAME_START =
  'A-Z_a-z:\\xC0-\\xD6\\xD8-\\xF6\\xF8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D\\u2070-\\u218F' +
  '\\u2C00-\\u2FEF\\u3001-\\uDB7F\\uDC00-\\uDFFF\\uF900-\\uFDCF\\uFDF0-\\uFFFD'

/** Names of elements, attributes and references. */
export const NAME: string = `[${NAME_START}][${NAME_START}\\-.0-9\\xB7\\u0300-\\u036F\\u203F\\u2040]*`

/** One attribute with the space before it; groups: the space, the name, the quoted value. */
export const ATTRIBUTE = `(${SPACE}+)(${NAME})${SPACE}*=${SPACE}*("[^"<]*"|'[^'<]*')`

/** Matches `pattern` exactly at `at`. */
export function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}
