import type { ErrorCode } from './codes.ts'

const BRAND: unique symbol = Symbol.for('@vmunit/core.VmunitError')

export interface VmunitErrorOptions {
  readonly cause?: unknown
  /** Facts for people and logs: plain JSON, no secrets. */
  readonly details?: Readonly<Record<string, unknown>> | undefined
  /** True when the same call may succeed later although the caller changes nothing. */
  readonly retryable?: boolean | undefined
}

/**
 * The one error class of vmunit: a stable `code`, a sentence for people that says what to do next, and the cause.
 *
 * A wrong argument type is a `TypeError` instead: that is a mistake in the calling program.
 */
export class VmunitError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: C, message: string, options: VmunitErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
    this.details = Object.freeze({ ...options.details })
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** Leaves out the cause, which may hold what a platform answered. */
  toJSON(): Readonly<Record<string, unknown>> {
    return {
      name: this.name,
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      details: this.details,
    }
  }
}
Object.defineProperty(VmunitError.prototype, 'name', { value: 'VmunitError', configurable: true, writable: true })

/**
 * Tells whether an unknown value is an error of vmunit, and optionally whether it has one of these codes.
 *
 * Goes by a brand, not by `instanceof`, so it also recognises errors of a second copy of the package.
 *
 * @example
 * ```ts
 * if (isVmunitError(error, 'ERR_CLAIMED')) console.error(`Busy: ${error.message}`)
 * ```
 */
export function isVmunitError<C extends ErrorCode = ErrorCode>(
  error: unknown,
  ...codes: readonly C[]
): error is VmunitError<C> {
  if (!(error instanceof Error) || !(BRAND in error) || !('code' in error)) return false
  return codes.length === 0 || codes.some((code) => code === error.code)
}
