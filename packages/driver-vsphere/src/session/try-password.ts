import { createHash } from 'node:crypto'
import { isVmunitError } from '../errors.ts'

/** Logs in with a password, unless it was refused again and again just now: then it rejects as it did. */
export type TryPassword = (password: string, logIn: () => Promise<void>) => Promise<void>

interface Refused {
  readonly digest: string
  readonly error: unknown
  readonly times: readonly number[]
}

// A vCenter locks an account after five wrong passwords within three minutes; and it may refuse a right one once.
const WITHIN_MS = 120_000
const MAX_REFUSALS = 2

/** Makes {@link TryPassword}, so that many operations that meet a changed password at once do not lock the account. */
export function createTryPassword(): TryPassword {
  let last: Refused | undefined
  return async (password, logIn) => {
    const digest = createHash('sha256').update(password).digest('hex')
    const since = performance.now() - WITHIN_MS
    const times = last?.digest === digest ? last.times.filter((time) => time > since) : []
    if (times.length >= MAX_REFUSALS) throw last?.error
    try {
      await logIn()
    } catch (error) {
      if (isVmunitError(error, 'ERR_UNAUTHENTICATED')) last = { digest, error, times: [...times, performance.now()] }
      throw error
    }
  }
}
