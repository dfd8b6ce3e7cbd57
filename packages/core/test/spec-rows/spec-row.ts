import type { ErrorCode, ExitClass } from '@vmunit/core'

/** A sentence of the specification's error tables: what is wrong, what we answer, and how a command would end. */
export interface SpecRow {
  /** Section and number: `3.2.4`. */
  readonly row: string
  readonly text: string
  /** Absent where the answer is a result with warnings, or without. */
  readonly code?: ErrorCode
  readonly exitClass: ExitClass
}

/** The row of that number. */
export function rowOf(rows: readonly SpecRow[], row: string): SpecRow {
  const found = rows.find((one) => one.row === row)
  if (found === undefined) throw new Error(`there is no row ${row}`)
  return found
}

/** How the test of a row is called: `3.2 row 4: user id equals the administrator's`. */
export function titleOf({ row, text }: Pick<SpecRow, 'row' | 'text'>): string {
  const at = row.lastIndexOf('.')
  return `${row.slice(0, at)} row ${row.slice(at + 1)}: ${text}`
}
