import { VmunitError } from './errors.ts'
import type { VsphereConnection } from './options.ts'
import { normalFingerprint, type ServerTrust } from './transport/server-trust.ts'

/** Where an endpoint is, from a URL or a host. @throws TypeError when it is neither */
export function endpointUrl({ url, insecurePlainHttpOnLoopback }: VsphereConnection): URL {
  if (typeof url !== 'string' || url === '') throw new TypeError('url must be text: https://vcenter.example.com/sdk.')
  const text = url.includes('://') ? url : `https://${url}`
  if (!URL.canParse(text)) throw new TypeError(`url is no URL: ${text}. Write https://vcenter.example.com/sdk.`)
  const endpoint = new URL(text)
  if (endpoint.username !== '' || endpoint.password !== '') {
    throw new TypeError('url must hold no user name and no password: pass username and password.')
  }
  if (endpoint.pathname === '/') endpoint.pathname = '/sdk'
  if (endpoint.protocol === 'https:') return endpoint
  const isLoopback = /^(127(\.\d+){3}|localhost|\[::1\])$/.test(endpoint.hostname)
  if (endpoint.protocol === 'http:' && isLoopback && insecurePlainHttpOnLoopback === true) return endpoint
  throw new VmunitError(
    'ERR_INVALID_INPUT',
    `${endpoint.protocol}//${endpoint.host} would carry the password in the clear: use https.`,
    { details: { url: endpoint.href } },
  )
}

/** By what the server has to prove itself. @throws TypeError when the options contradict each other */
export function serverTrust({ ca, fingerprint, insecureAcceptAnyCertificate }: VsphereConnection): ServerTrust {
  const given = [ca !== undefined, fingerprint !== undefined, insecureAcceptAnyCertificate === true]
  if (given.filter(Boolean).length > 1) {
    throw new TypeError('Pass one of ca, fingerprint and insecureAcceptAnyCertificate.')
  }
  if (insecureAcceptAnyCertificate === true) return { by: 'nothing' }
  if (fingerprint === undefined) return { by: 'authority', ca }
  if (!/^[0-9a-f]{64}$/.test(normalFingerprint(fingerprint))) {
    throw new TypeError('fingerprint must be a SHA-256 in hexadecimal: AB:CD:…, 64 digits.')
  }
  return { by: 'fingerprint', fingerprint }
}

/** Credentials as far as their types say. @throws TypeError for wrong ones */
export function checkCredentials({ username, password }: VsphereConnection): void {
  if (typeof username !== 'string' || username === '') throw new TypeError('username must be text.')
  if (typeof password !== 'string' && typeof password !== 'function') {
    throw new TypeError('password must be text, or a function that gives it.')
  }
}
