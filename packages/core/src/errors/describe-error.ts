import type { ErrorCode } from './codes.ts'
import { isVmunitError } from './vmunit-error.ts'

/** An error as plain JSON, as journals and events carry it. */
export interface DescribedError {
  readonly code: ErrorCode
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

/** Turns whatever was thrown into plain JSON; what is not ours becomes `ERR_DRIVER` with its message. */
export function describeError(error: unknown): DescribedError {
  if (isVmunitError(error)) return { code: error.code, message: error.message, details: error.details }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'ERR_DRIVER', message, details: {} }
}
