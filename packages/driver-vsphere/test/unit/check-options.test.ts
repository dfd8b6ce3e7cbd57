import { describe, expect, it } from 'vitest'
import { checkCredentials, endpointUrl, serverTrust } from '../../src/check-options.ts'

const base = { username: 'u', password: 'p' }

describe('the url', () => {
  it.each([
    ['vcenter.example.com', 'https://vcenter.example.com/sdk'],
    ['https://vcenter.example.com', 'https://vcenter.example.com/sdk'],
    ['https://127.0.0.1:8989/sdk', 'https://127.0.0.1:8989/sdk'],
  ])('%s is %s', (url, expected) => {
    expect(endpointUrl({ ...base, url }).href).toBe(expected)
  })

  it.each(['http://vcenter.example.com/sdk', 'ftp://x/sdk'])('%s would carry the password in the clear', (url) => {
    expect(() => endpointUrl({ ...base, url, insecurePlainHttpOnLoopback: true })).toThrow(/use https/)
  })

  it('may be http on a loopback address when an option says so', () => {
    const url = 'http://127.0.0.1:8989/sdk'
    expect(() => endpointUrl({ ...base, url })).toThrow(/use https/)
    expect(endpointUrl({ ...base, url, insecurePlainHttpOnLoopback: true }).href).toBe(url)
  })

  it.each(['', 'https://', 'https://user:secret@host/sdk'])('%j is a TypeError', (url) => {
    expect(() => endpointUrl({ ...base, url })).toThrow(TypeError)
  })
})

describe('trust', () => {
  it.each([
    { ca: 'PEM', fingerprint: 'ab'.repeat(32) },
    { ca: 'PEM', insecureAcceptAnyCertificate: true },
    { fingerprint: 'ab' },
  ])('in %j is a TypeError', (trust) => {
    expect(() => serverTrust({ ...base, url: 'x', ...trust })).toThrow(TypeError)
  })
})

describe('credentials', () => {
  it.each([{ username: '' }, { username: 7 }, { password: undefined }])('%j are a TypeError', (wrong) => {
    expect(() => checkCredentials({ ...base, url: 'x', ...(wrong as object) })).toThrow(TypeError)
  })
})
