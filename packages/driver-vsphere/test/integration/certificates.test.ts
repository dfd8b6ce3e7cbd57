import { X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import { createAuthority, startVcenter, type Vcenter } from '@vmunit/testbed'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectVsphere, type VsphereConnection } from '../../src/index.ts'

let vcenter: Vcenter
beforeAll(async () => {
  vcenter = await startVcenter()
}, 300_000)
afterAll(async () => await vcenter.close())

async function attempt(to: Vcenter, trust: Partial<VsphereConnection>): Promise<void> {
  const { url, username, password } = to
  await using driver = await connectVsphere({ url, username, password, ...trust })
  await driver.inventory({})
}

async function fingerprintOf({ url, ca }: Vcenter): Promise<string> {
  const { hostname, port } = new URL(url)
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({ host: hostname, port: Number(port), ca, servername: '' }, () => {
    resolve(new X509Certificate(socket.getPeerCertificate().raw).fingerprint256)
    socket.destroy()
  })
  socket.on('error', reject)
  return await promise
}

describe('the certificate of a vCenter', () => {
  it('is accepted when the given authority issued it', async () => {
    await attempt(vcenter, { ca: vcenter.ca })
    const unrelated = await createAuthority()
    await attempt(vcenter, { ca: [unrelated.certificate, Buffer.from(vcenter.ca)] })
  })

  it.each(['UPPER:COLONS', 'lower', 'prefixed'])('is accepted by its fingerprint, written %s', async (how) => {
    const fingerprint = await fingerprintOf(vcenter)
    const plain = fingerprint.replaceAll(':', '').toLowerCase()
    await attempt(vcenter, { fingerprint: { lower: plain, prefixed: `SHA256:${plain}` }[how] ?? fingerprint })
  })

  it('is refused when another authority is given, by name, with what to do, before anything is sent', async () => {
    const mark = vcenter.proxy.mark()
    const { certificate: ca } = await createAuthority()
    const fingerprint = await fingerprintOf(vcenter)
    await expect(attempt(vcenter, { ca })).rejects.toMatchObject({
      code: 'ERR_CERTIFICATE',
      retryable: false,
      message: expect.stringMatching(/no trusted authority.*SHA-256 ([0-9A-F]{2}:){31}.*as ca, or pin/),
      details: { fingerprint },
    })
    expect(vcenter.proxy.calls({ since: mark })).toEqual([])
  })

  it('is refused when no authority is given: a private one is none of Node’s', async () => {
    await expect(attempt(vcenter, {})).rejects.toMatchObject({ code: 'ERR_CERTIFICATE', retryable: false })
  })

  it('is refused when its fingerprint is another one', async () => {
    const mark = vcenter.proxy.mark()
    await expect(attempt(vcenter, { fingerprint: 'ab'.repeat(32) })).rejects.toMatchObject({
      details: { problem: 'FINGERPRINT_MISMATCH' },
    })
    expect(vcenter.proxy.calls({ since: mark })).toEqual([])
  })

  it('is accepted unseen only by the option that says so', async () => {
    await attempt(vcenter, { insecureAcceptAnyCertificate: true })
  })

  it.each([
    ['expired', 'CERT_HAS_EXPIRED', /expired on .*Renew it/],
    ['wrongName', 'ERR_TLS_CERT_ALTNAME_INVALID', /another name.*Use the name/],
  ] as const)('is refused when it is %s, although its authority is trusted', async (kind, problem, message) => {
    await using other = await startVcenter({ certificate: kind })
    await expect(attempt(other, { ca: other.ca })).rejects.toMatchObject({
      code: 'ERR_CERTIFICATE',
      retryable: false,
      message: expect.stringMatching(message),
      details: { problem },
    })
    expect(other.proxy.calls()).toEqual([])
  })
})
