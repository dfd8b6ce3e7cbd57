/** One figure beside that of a peer, or alone. Lower is better. */
export interface Row {
  readonly name: string
  readonly value: number
  /** The figure of the peer on the same work; 0 where there is none. */
  readonly peer: number
  /** What the bar is about: `value / peer`, or the value itself where there is no peer. */
  readonly ratio: number
  /** The ratio that must not be exceeded. */
  readonly bar: number
  readonly unit: string
  readonly peerName: string
}

/** Takes the rows of a measurement as they come. */
export type Report = (row: Row) => void

/** A measurement: a file `bench/<name>.ts` that exports `run`. */
export interface Bench {
  run(report: Report): Promise<void>
}

/** Whether a row is as good as it must be; a ratio that is not a number is not. */
export function keepsBar({ ratio, bar }: Row): boolean {
  return ratio <= bar
}

/** Formats rows as a table with aligned columns. */
export function formatRows(rows: readonly Row[]): string {
  const head = ['name', 'value', 'peer', 'ratio', 'bar', '']
  const lines = [head, ...rows.map(cellsOf)]
  const widths = head.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)))
  const format = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
  return lines.map((cells) => format(cells).trimEnd()).join('\n')
}

function cellsOf(row: Row): readonly string[] {
  const peer = row.peerName === '' ? '-' : `${round(row.peer)} ${row.unit} (${row.peerName})`
  const result = keepsBar(row) ? 'ok' : 'MISSED'
  return [row.name, `${round(row.value)} ${row.unit}`, peer, round(row.ratio), `≤ ${row.bar}`, result]
}

function round(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(3)
}
