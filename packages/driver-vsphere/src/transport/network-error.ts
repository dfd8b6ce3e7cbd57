import { isVmunitError, VmunitError } from '../errors.ts'

/**
 * What a failed request means to the caller. All that is not an error of ours already may pass by itself: whatever
 * breaks a connection breaks it for now.
 */
export function networkError(error: unknown, what: string): VmunitError {
  if (isVmunitError(error)) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  const reason = SENTENCES[code ?? ''] ?? (error instanceof Error ? error.message : String(error))
  return new VmunitError('ERR_UNAVAILABLE', `${what}: ${reason}.`, {
    cause: error,
    retryable: true,
    details: code === undefined ? {} : { reason: code },
  })
}

const SENTENCES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection broke before the answer came',
  EPIPE: 'the connection broke before the request was sent',
  ENOTFOUND: 'the name is unknown; check the url',
  EAI_AGAIN: 'the name server does not answer',
  ETIMEDOUT: 'it did not answer in time',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network to it',
}
