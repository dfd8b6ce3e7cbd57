import { styleText } from 'node:util'

/** Where the demo writes. Colours appear on a terminal only. */
export interface Screen {
  readonly isTerminal: boolean
  /** How many characters fit into a line. */
  readonly columns: number
  heading(text: string): void
  say(text: string): void
  /** Writes lines over those of the last time, on a terminal; below, when something else was written since. */
  redraw(lines: readonly string[]): void
}

/** A terminal that does not know its width says 0. */
const DEFAULT_COLUMNS = 120

export type Tone = 'bold' | 'dim' | 'green' | 'red' | 'cyan'

export function openScreen(stream: NodeJS.WriteStream): Screen {
  let drawn = 0
  const write = (text: string): void => {
    drawn = 0
    stream.write(text)
  }
  return {
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns || DEFAULT_COLUMNS
    },
    heading: (text) => write(`\n${tone('bold', `▸ ${text}`)}\n`),
    say: (text) => write(`  ${text.replaceAll('\n', '\n  ')}\n`),
    redraw(lines) {
      const up = drawn === 0 ? '' : `\x1b[${drawn}A`
      write(`${up}${lines.map((line) => `\x1b[2K${line}\n`).join('')}`)
      drawn = lines.length
    },
  }
}

/** Text in a colour, where colours are welcome. */
export function tone(name: Tone, text: string): string {
  return styleText(name, text, { stream: process.stdout })
}

/** Cells under each other. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<readonly number[]>(
    (known, row) => row.map((cell, index) => Math.max(cell.length, known[index] ?? 0)),
    [],
  )
  const line = (row: readonly string[]): string => row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}
