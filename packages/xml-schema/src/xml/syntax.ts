/** White space of XML: fewer characters than `\s`. */
export const SPACE = '[ \\t\\r\\n]'

/** Names as far as splitting a tag needs them; which characters beyond ASCII may stand in one, the validator knows. */
export const NAME = '[A-Za-z_:\\x80-\\uffff][\\w:.\\-\\x80-\\uffff]*'

/** One attribute with the space before it; groups: the space, the name, the quoted value. */
export const ATTRIBUTE = `(${SPACE}+)(${NAME})${SPACE}*=${SPACE}*("[^"<]*"|'[^'<]*')`

/** Matches `pattern` exactly at `at`. */
export function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}
