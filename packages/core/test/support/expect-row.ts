import { exitClass, isVmunitError, type VmunitError } from '@vmunit/core'
import { expect } from 'vitest'
import type { SpecRow } from '../spec-rows/spec-row.ts'
import type { Fleet } from './fleet.ts'
import { expectRefused } from './refusal.ts'

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

/** Expects that the work is refused as the row says, and that nothing changed, neither in the world nor in the store. */
export async function expectRowRefused(
  fleet: Pick<Fleet, 'world' | 'storePath'>,
  row: SpecRow,
  work: () => Promise<unknown>,
): Promise<VmunitError> {
  if (row.code === undefined) throw new Error(`row ${row.row} refuses nothing`)
  const error = await expectRefused(fleet, row.code, work)
  expect(exitClass(error), row.row).toBe(row.exitClass)
  return error
}
