/** A table that is written as text: a head, then lines that begin with the name of a row. No cell has a blank. */
export type TextTable = ReadonlyMap<string, Readonly<Record<string, string>>>

/** Reads such a table; a line with too few or too many cells is an error. */
export function textTable(text: string): TextTable {
  const [head = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '')
  const columns = cellsOf(head)
  return new Map(
    lines.map((line) => {
      const [name = '', ...cells] = cellsOf(line)
      if (cells.length !== columns.length) throw new Error(`${cells.length} cells in the row ${name}`)
      return [name, Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']))] as const
    }),
  )
}

function cellsOf(line: string): readonly string[] {
  return line.trim().split(/\s+/)
}
