import assert from 'node:assert/strict'
import { type ErrorCode, isVmunitError } from '../../errors/index.ts'

/** Asserts that a call rejects with an error of this code, and resolves to that error's message and details. */
export async function assertRejects(
  promise: Promise<unknown>,
  code: ErrorCode,
): Promise<{ readonly retryable: boolean; readonly details: Readonly<Record<string, unknown>> }> {
  const outcome = await promise.then(
    () => ({ resolved: true }) as const,
    (error: unknown) => ({ resolved: false, error }) as const,
  )
  if (outcome.resolved) assert.fail(`resolved, although it must reject with ${code}`)
  const { error } = outcome
  if (!isVmunitError(error)) assert.fail(`must reject with ${code}, but rejected with ${String(error)}`)
  assert.equal(error.code, code, `rejected with ${error.code}: ${error.message}`)
  return error
}
