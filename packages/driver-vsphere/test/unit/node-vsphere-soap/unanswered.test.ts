import { describe, expect, it } from 'vitest'
import { unanswered } from '../../../src/node-vsphere-soap/unanswered.ts'

describe('unanswered', () => {
  it.each([
    ['ECONNRESET', 'ERR_UNAVAILABLE', true],
    ['ECONNREFUSED', 'ERR_UNAVAILABLE', true],
    ['ENOTFOUND', 'ERR_UNAVAILABLE', true],
    ['ESOCKETTIMEDOUT', 'ERR_UNAVAILABLE', true],
    ['CERT_HAS_EXPIRED', 'ERR_CERTIFICATE', false],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'ERR_CERTIFICATE', false],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ERR_CERTIFICATE', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'ERR_CERTIFICATE', false],
  ])('%s becomes %s', (reason, code, retryable) => {
    const cause = Object.assign(new Error(reason), { code: reason })
    expect(unanswered(cause, 'vcenter')).toMatchObject({ code, retryable, cause })
  })

  it('names the server', () => {
    expect(unanswered(undefined, 'vcenter').message).toContain('vcenter did not answer')
  })
})
