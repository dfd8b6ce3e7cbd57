import { type ErrorCode, isVmunitError, type VmunitError } from '@vmunit/core'
import { expect } from 'vitest'

/** What a call rejects with, which must be an error of this code. */
export async function rejection(promise: Promise<unknown>, code: ErrorCode): Promise<VmunitError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!isVmunitError(error)) throw new Error(`must reject with ${code}, but gave ${String(error)}`, { cause: error })
  expect(error.code, error.message).toBe(code)
  return error
}
