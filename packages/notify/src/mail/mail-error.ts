import { VmunitError } from '@vmunit/core'
import { unreachable } from '../unreachable.ts'

/** What an SMTP answer means: 4xx passes, 5xx does not, and a refused login is for whoever set it up. */
export function mailError(host: string, error: unknown): VmunitError {
  const { code, responseCode } = factsOf(error)
  if (code === 'EAUTH' && (responseCode === undefined || responseCode >= 500)) {
    return new VmunitError('ERR_UNAUTHENTICATED', `${host} refused the login. Check the user name and the password.`, {
      details: { host, responseCode },
    })
  }
  if (code === 'ETLS') {
    return new VmunitError(
      'ERR_DRIVER',
      `${host} cannot be spoken to with encryption: ${textOf(error)}. Check its certificate, or pass its ca.`,
      { cause: error, details: { host } },
    )
  }
  if (responseCode !== undefined && responseCode >= 500) {
    return new VmunitError(
      'ERR_DRIVER',
      `${host} refused the mail (${responseCode}): ${textOf(error)}. Check the addresses.`,
      { cause: error, details: { host, responseCode } },
    )
  }
  return unreachable(`The mail server ${host}`, error)
}

interface SmtpFacts {
  readonly code: string | undefined
  readonly responseCode: number | undefined
}

function factsOf(error: unknown): SmtpFacts {
  if (!(error instanceof Error)) return { code: undefined, responseCode: undefined }
  const { code, responseCode } = error as { readonly code?: unknown; readonly responseCode?: unknown }
  return {
    code: typeof code === 'string' ? code : undefined,
    responseCode: typeof responseCode === 'number' ? responseCode : undefined,
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
