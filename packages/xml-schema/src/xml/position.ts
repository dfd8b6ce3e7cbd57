import { ATTRIBUTE, matchAt, NAME, SPACE } from './syntax.ts'

/** A place in a text; both count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Makes the function that turns offsets into positions; the text is looked through once. */
export function createPositions(text: string): (offset: number) => Position {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
  }
}

/** Where the attribute `name` stands in the start tag at `start`; the tag itself when it has no such attribute. */
export function attributeOffset(text: string, start: number, name: string): number {
  return attributesOf(text, start).find((attribute) => attribute.name === name)?.at ?? start
}

/** Where text begins after `gap`, which is the end of an element or the beginning of a start tag. */
export function textOffset(text: string, gap: number): number {
  const startTag = matchAt(new RegExp(`<${NAME}`, 'y'), text, gap) !== null
  const space = new RegExp(`${SPACE}*`, 'y')
  let at = startTag ? text.indexOf('>', attributesOf(text, gap).at(-1)?.end ?? gap) + 1 : gap
  for (;;) {
    at += matchAt(space, text, at)?.[0].length ?? 0
    if (text.startsWith('<!--', at)) at = text.indexOf('-->', at) + 3
    else return at
  }
}

interface PlacedAttribute {
  readonly name: string
  readonly at: number
  readonly end: number
}

function attributesOf(text: string, start: number): readonly PlacedAttribute[] {
  const attribute = new RegExp(ATTRIBUTE, 'y')
  const found: PlacedAttribute[] = []
  let end = start + (matchAt(new RegExp(`<${NAME}`, 'y'), text, start)?.[0].length ?? 0)
  for (let match = matchAt(attribute, text, end); match !== null; match = matchAt(attribute, text, end)) {
    end = attribute.lastIndex
    found.push({ name: match[2] ?? '', at: match.index + (match[1]?.length ?? 0), end })
  }
  return found
}
