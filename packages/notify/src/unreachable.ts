import { VmunitError } from '@vmunit/core'

/** The other side does not answer now, and is tried again; or it shows a certificate that will not do tomorrow either. */
export function unreachable(what: string, cause: unknown): VmunitError {
  const reason = reasonOf(cause)
  if (CERTIFICATE.test(reason)) {
    return new VmunitError(
      'ERR_DRIVER',
      `${what} is not who it says: ${reason}. Check its certificate, or pass its ca.`,
      {
        cause,
      },
    )
  }
  return new VmunitError('ERR_UNAVAILABLE', `${what} did not take the notice: ${reason}. It is tried again.`, {
    cause,
    retryable: true,
  })
}

const CERTIFICATE = /certificate|altname/i

/** `fetch` says what went wrong in the cause only. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message
}
