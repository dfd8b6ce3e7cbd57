import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'

/** What is kept of a password: it can be compared with, and not be read. The parameters are those it was made with. */
export interface PasswordHash {
  readonly algorithm: 'scrypt'
  readonly cost: number
  readonly blockSize: number
  readonly parallelization: number
  /** Base64. */
  readonly salt: string
  /** Base64. */
  readonly hash: string
}

type Parameters = Omit<PasswordHash, 'salt' | 'hash'>

/** 32 MiB and about a quarter of a second for each guess. */
const PARAMETERS: Parameters = { algorithm: 'scrypt', cost: 2 ** 15, blockSize: 8, parallelization: 3 }

const SALT_BYTES = 16
const HASH_BYTES = 32

/** What is compared with when there is no such account, so that the answer takes as long as for one that exists. */
export const NO_PASSWORD: PasswordHash = {
  ...PARAMETERS,
  salt: Buffer.alloc(SALT_BYTES).toString('base64'),
  hash: Buffer.alloc(HASH_BYTES).toString('base64'),
}

/** Hashes a password under a salt of its own. */
export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(SALT_BYTES)
  const hash = await derive(password, salt, { ...PARAMETERS, bytes: HASH_BYTES })
  return { ...PARAMETERS, salt: salt.toString('base64'), hash: hash.toString('base64') }
}

/** Whether this is the password, in a time that does not depend on where it differs. */
export async function isPassword(password: string, kept: PasswordHash): Promise<boolean> {
  const expected = Buffer.from(kept.hash, 'base64')
  const salt = Buffer.from(kept.salt, 'base64')
  return timingSafeEqual(await derive(password, salt, { ...kept, bytes: expected.length }), expected)
}

async function derive(
  password: string,
  salt: Uint8Array,
  parameters: Parameters & { readonly bytes: number },
): Promise<Buffer> {
  const { cost, blockSize, parallelization, bytes } = parameters
  const options: ScryptOptions = { cost, blockSize, parallelization, maxmem: 256 * cost * blockSize }
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  // The same characters may be typed in composed or decomposed form.
  scrypt(password.normalize('NFC'), salt, bytes, options, (error, key) =>
    error === null ? resolve(key) : reject(error),
  )
  return await promise
}
