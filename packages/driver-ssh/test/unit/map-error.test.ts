import { VmunitError } from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { describeSshError, mapSshError } from '../../src/connection/map-error.ts'

const error = (message: string, properties: object): Error => Object.assign(new Error(message), properties)

const ROWS: readonly (readonly [string, object, string, boolean])[] = [
  ['connect ECONNREFUSED', { code: 'ECONNREFUSED', level: 'client-socket' }, 'ERR_UNAVAILABLE', true],
  ['read ECONNRESET', { code: 'ECONNRESET', level: 'client-socket' }, 'ERR_UNAVAILABLE', true],
  ['write EPIPE', { code: 'EPIPE', level: 'client-socket' }, 'ERR_UNAVAILABLE', true],
  ['x', { code: 'ECONNABORTED' }, 'ERR_UNAVAILABLE', true],
  ['x', { code: 'ETIMEDOUT' }, 'ERR_UNAVAILABLE', true],
  ['x', { code: 'EHOSTUNREACH' }, 'ERR_UNAVAILABLE', true],
  ['x', { code: 'EHOSTDOWN' }, 'ERR_UNAVAILABLE', true],
  ['x', { code: 'ENETUNREACH' }, 'ERR_UNAVAILABLE', true],
  ['x', { code: 'EADDRNOTAVAIL' }, 'ERR_UNAVAILABLE', true],
  ['x', { code: 'ENOTFOUND' }, 'ERR_UNAVAILABLE', true],
  ['x', { code: 'EAI_AGAIN' }, 'ERR_UNAVAILABLE', true],
  ['x', { code: 'EMFILE' }, 'ERR_UNAVAILABLE', true],
  ['Handshake failed: no matching host key format', { level: 'handshake' }, 'ERR_HOST_KEY', false],
  ['Handshake failed: signature verification failed', { level: 'handshake' }, 'ERR_HOST_KEY', false],
  ['Handshake failed: no matching key exchange algorithm', { level: 'handshake' }, 'ERR_UNSUPPORTED', false],
  ['Handshake failed: no matching C->S cipher', { level: 'handshake' }, 'ERR_UNSUPPORTED', false],
  ['Malformed packet', { level: 'handshake' }, 'ERR_UNAVAILABLE', true],
  ['All configured authentication methods failed', { level: 'client-authentication' }, 'ERR_UNAUTHENTICATED', false],
  ['Failed to connect to agent', { level: 'agent' }, 'ERR_UNAUTHENTICATED', false],
  ['Timed out while waiting for handshake', { level: 'client-timeout' }, 'ERR_UNAVAILABLE', true],
  ['Keepalive timeout', { level: 'client-timeout' }, 'ERR_UNAVAILABLE', true],
  ['x', { level: 'client-socket' }, 'ERR_UNAVAILABLE', true],
  ['Connection lost before handshake', { level: 'protocol' }, 'ERR_UNAVAILABLE', true],
  ['Too many authentication failures', { code: 2 }, 'ERR_UNAUTHENTICATED', false],
  ['Protocol error', { code: 2 }, 'ERR_UNAVAILABLE', true],
  ['KEY_EXCHANGE_FAILED', { code: 3 }, 'ERR_UNAVAILABLE', true],
  ['SERVICE_NOT_AVAILABLE', { code: 7 }, 'ERR_UNAVAILABLE', true],
  ['CONNECTION_LOST', { code: 10 }, 'ERR_UNAVAILABLE', true],
  ['disconnected by user', { code: 11 }, 'ERR_UNAVAILABLE', true],
  ['TOO_MANY_CONNECTIONS', { code: 12 }, 'ERR_UNAVAILABLE', true],
  ['NO_MORE_AUTH_METHODS_AVAILABLE', { code: 14 }, 'ERR_UNAUTHENTICATED', false],
  ['Not connected', {}, 'ERR_UNAVAILABLE', true],
  ['Unable to exec', {}, 'ERR_UNAVAILABLE', true],
  ['something else', {}, 'ERR_DRIVER', false],
]

describe('errors of the network and of ssh2', () => {
  it.each(ROWS)('%s %o is %s, retryable: %s', (message, properties, code, retryable) => {
    expect(describeSshError(error(message, properties))).toMatchObject({ code, retryable })
  })

  it('becomes an error that names the server and says what to do', () => {
    const cause = error('connect ECONNREFUSED', { code: 'ECONNREFUSED' })
    const mapped = mapSshError('192.168.1.110:22', cause)
    expect(mapped.message).toBe('192.168.1.110:22 refuses connections. Start its sshd, or correct the port.')
    expect(mapped.cause).toBe(cause)
  })

  it('leaves errors of vmunit as they are', () => {
    const ours = new VmunitError('ERR_HOST_KEY', 'other key')
    expect(mapSshError('server', ours)).toBe(ours)
  })
})
