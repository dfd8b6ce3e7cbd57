import { VmunitError } from '../errors.ts'
import { networkError } from '../transport/network-error.ts'

/** What Node calls it when it does not trust a certificate. */
const CERTIFICATE =
  /^(CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|ERR_TLS_CERT|SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY)|INVALID_CA|HOSTNAME_MISMATCH)/

/** What it means when the package request reports an error instead of an answer. */
export function unanswered(cause: unknown, server: string): VmunitError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (!CERTIFICATE.test(code)) return networkError(cause, `${server} did not answer`)
  const message = `${server} shows a certificate that is not accepted (${code}). Pass the certificate of its authority as ca, or by NODE_EXTRA_CA_CERTS. Nothing was sent to it.`
  return new VmunitError('ERR_CERTIFICATE', message, { cause, details: { server, problem: code } })
}
