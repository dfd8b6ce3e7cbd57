import type { PeerCertificate, TLSSocket } from 'node:tls'
import { VmunitError } from '../errors.ts'

/** By what a server proves that it is the right one. */
export type ServerTrust =
  | { readonly by: 'authority'; readonly ca: string | Uint8Array | readonly (string | Uint8Array)[] | undefined }
  | { readonly by: 'fingerprint'; readonly fingerprint: string }
  | { readonly by: 'nothing' }

/**
 * Checks the certificate that a server showed, before the first byte of a request goes to it.
 *
 * @throws VmunitError `ERR_CERTIFICATE` that names the certificate and what to do.
 */
export function checkServer(socket: TLSSocket, trust: ServerTrust, server: string): void {
  if (trust.by === 'nothing') return
  const certificate = socket.getPeerCertificate()
  if (trust.by === 'authority' && socket.authorized) return
  const shown = normalFingerprint(certificate.fingerprint256 ?? '')
  if (trust.by === 'fingerprint' && shown !== '' && shown === normalFingerprint(trust.fingerprint)) return
  const problem =
    trust.by === 'fingerprint' ? 'another certificate than the pinned one' : problemOf(socket, certificate)
  throw new VmunitError(
    'ERR_CERTIFICATE',
    `${server} shows ${problem}: ${describe(certificate)}. ${remedyOf(socket, trust)} Nothing was sent to it.`,
    { details: { server, problem: codeOf(socket, trust), ...factsOf(certificate) } },
  )
}

/** A SHA-256 fingerprint as 64 small hexadecimal digits, however it was written. */
export function normalFingerprint(text: string): string {
  return text
    .replace(/^sha-?256[:=/ ]*/i, '')
    .replaceAll(/[:\s]/g, '')
    .toLowerCase()
}

function codeOf(socket: TLSSocket, trust: ServerTrust): string {
  return trust.by === 'fingerprint' ? 'FINGERPRINT_MISMATCH' : String(socket.authorizationError)
}

function problemOf(socket: TLSSocket, certificate: PeerCertificate): string {
  switch (codeOf(socket, { by: 'nothing' })) {
    case 'CERT_HAS_EXPIRED':
      return `a certificate that expired on ${certificate.valid_to}`
    case 'CERT_NOT_YET_VALID':
      return `a certificate that is valid only from ${certificate.valid_from}`
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'a certificate for another name'
    default:
      return 'a certificate that no trusted authority vouches for'
  }
}

function remedyOf(socket: TLSSocket, trust: ServerTrust): string {
  if (trust.by === 'fingerprint') return 'Find out why it changed; if it was renewed, pin the new fingerprint.'
  switch (codeOf(socket, trust)) {
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return 'Renew it on the server, and check the clocks of both machines.'
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'Use the name that stands in the certificate as url, or pin its fingerprint.'
    default:
      return 'Pass the certificate of its authority as ca, or pin its fingerprint.'
  }
}

function describe(certificate: PeerCertificate): string {
  const { subject, issuer, fingerprint256 } = certificate
  return `subject ${nameOf(subject)}, issuer ${nameOf(issuer)}, SHA-256 ${fingerprint256 ?? 'unknown'}`
}

function factsOf(certificate: PeerCertificate): Readonly<Record<string, unknown>> {
  return {
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    names: certificate.subjectaltname,
    validFrom: certificate.valid_from,
    validTo: certificate.valid_to,
    fingerprint: certificate.fingerprint256,
  }
}

function nameOf(name: PeerCertificate['subject'] | undefined): string {
  const common = name?.CN ?? name?.O
  return (Array.isArray(common) ? common.join(' ') : common) ?? 'without name'
}
