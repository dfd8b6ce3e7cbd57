import { scryptSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hashPassword, isPassword, NO_PASSWORD, type PasswordHash } from '../../../src/internal/password-hash.ts'

describe('a password hash', () => {
  it('fits its password only', async () => {
    const kept = await hashPassword('abcdefg8')
    expect(await isPassword('abcdefg8', kept)).toBe(true)
    for (const other of ['abcdefg9', 'abcdefg', 'abcdefg8 ', 'ABCDEFG8', '']) {
      expect(await isPassword(other, kept), other).toBe(false)
    }
  })

  it('is scrypt with the parameters that stand beside it', async () => {
    const { salt, hash, cost, blockSize, parallelization } = await hashPassword('abcdefg8')
    const options = { cost, blockSize, parallelization, maxmem: 2 ** 27 }
    expect(scryptSync('abcdefg8', Buffer.from(salt, 'base64'), 32, options).toString('base64')).toBe(hash)
  })

  it('goes on fitting when new ones are made with other parameters', async () => {
    const salt = Buffer.from('0123456789abcdef')
    const weak = { algorithm: 'scrypt', cost: 1024, blockSize: 4, parallelization: 1 } as const
    const hash = scryptSync('abcdefg8', salt, 24, weak)
    const kept: PasswordHash = { ...weak, salt: salt.toString('base64'), hash: hash.toString('base64') }
    expect(await isPassword('abcdefg8', kept)).toBe(true)
    expect(await isPassword('abcdefg9', kept)).toBe(false)
  })

  it('of nobody fits nothing', async () => {
    expect(await isPassword('', NO_PASSWORD)).toBe(false)
    expect(await isPassword('abcdefg8', NO_PASSWORD)).toBe(false)
  })
})
