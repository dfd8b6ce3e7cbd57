import { createHash } from 'node:crypto'
import { isVmunitError } from '../errors.ts'

/** Logs in with a password, unless it was refused a moment ago: then it rejects as it did. */
export type TryPassword = (password: string, logIn: () => Promise<void>) => Promise<void>

// A vCenter locks an account after five wrong passwords within three minutes.
const REFUSED_MS = 60_000

/** Makes {@link TryPassword}, so that many operations that meet a changed password at once do not lock the account. */
export function createTryPassword(): TryPassword {
  let refused: { readonly digest: string; readonly error: unknown; readonly until: number } | undefined
  return async (password, logIn) => {
    const digest = createHash('sha256').update(password).digest('hex')
    if (refused?.digest === digest && performance.now() < refused.until) throw refused.error
    try {
      await logIn()
    } catch (error) {
      if (isVmunitError(error, 'ERR_UNAUTHENTICATED'))
        refused = { digest, error, until: performance.now() + REFUSED_MS }
      throw error
    }
  }
}
