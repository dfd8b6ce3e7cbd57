import { ERROR_CODES, type ErrorCode, isVmunitError, type VmunitError } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { expect } from 'vitest'
import type { Fleet } from './fleet.ts'
import { mark, mutationsSince } from './world-log.ts'

/** What a call rejects with; an error of vmunit with a message for people, or the test fails. */
export async function refusal(work: Promise<unknown>): Promise<VmunitError> {
  const error = await work.then(
    (value) => new Error(`not refused: ${JSON.stringify(value)?.slice(0, 200)}`),
    (reason: unknown) => reason,
  )
  if (!isVmunitError(error)) throw error
  expect(Object.keys(ERROR_CODES)).toContain(error.code)
  expect(error.message.length, 'a message for people').toBeGreaterThan(20)
  return error
}

/** Every document of a database, as one comparable value. */
export async function documentsOf(storePath: string): Promise<Readonly<Record<string, unknown>>> {
  const store = openSqliteStore(storePath)
  try {
    const documents: Record<string, unknown> = {}
    for await (const { key, revision, value } of store.list('')) documents[key] = { revision, value }
    return documents
  } finally {
    await store.close()
  }
}

/** Expects that a call is refused with this code, that it changed nothing in the world and no document. */
export async function expectRefused(
  fleet: Pick<Fleet, 'world' | 'storePath'>,
  code: ErrorCode,
  work: () => Promise<unknown>,
): Promise<VmunitError> {
  const before = await documentsOf(fleet.storePath)
  const from = await mark(fleet.world)
  const error = await refusal(work())
  expect(error.code, error.message).toBe(code)
  expect(await mutationsSince(fleet.world, from), 'no call changes the world').toEqual([])
  expect(await documentsOf(fleet.storePath), 'no document changes').toEqual(before)
  return error
}
