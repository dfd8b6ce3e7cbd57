import { type ErrorCode, type ExitClass, exitClass, isVmunitError } from '@vmunit/core'
import { expect } from 'vitest'

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
export function titleOf({ row, text }: SpecRow): string {
  const at = row.lastIndexOf('.')
  return `${row.slice(0, at)} row ${row.slice(at + 1)}: ${text}`
}

/** Expects that the work ends as the row says; resolves to what it rejected with or resolved to. */
export async function expectRow(row: SpecRow, work: Promise<unknown>): Promise<unknown> {
  const [outcome] = await Promise.allSettled([work])
  const answer: unknown = outcome.status === 'fulfilled' ? outcome.value : outcome.reason
  const code = isVmunitError(answer) ? answer.code : undefined
  expect({ row: row.row, rejected: outcome.status === 'rejected', code, exitClass: exitClass(answer) }).toEqual({
    row: row.row,
    rejected: row.code !== undefined || row.exitClass === 64,
    code: row.code,
    exitClass: row.exitClass,
  })
  return answer
}
