import { inspect } from 'node:util'
import type { Principal } from '../domain/principal.ts'
import { isVmunitError, VmunitError } from '../errors/index.ts'
import { orAbort } from '../internal/abort.ts'
import { isPassword, NO_PASSWORD } from '../internal/password-hash.ts'
import type { Authenticator, Call, StateStore } from '../ports/index.ts'
import type { AccessOptions } from './access-options.ts'
import { findAccount } from './account-records.ts'
import { checkText } from './password-rules.ts'
import { principalParser } from './principal-parser.ts'

/** Somebody who was let in. */
export interface Admission {
  readonly principal: Principal
  /** Whether it has ended; absent where the embedding program vouches, as that lasts as long as the manager. */
  readonly isOver?: { value: boolean } | undefined
  /** Whose rights it was let in with: when those end, so do these. */
  readonly by?: Admission | undefined
  /** What the account must still say for the admission to hold; absent where a directory answers for it. */
  readonly session?: string | undefined
}

export interface Credentials {
  readonly name: string
  readonly secret: string
}

/**
 * Finds out who somebody is: by the directory where there is one, else by the local accounts.
 *
 * Takes as long for a name that does not exist as for a wrong password.
 *
 * @throws {@link VmunitError} `ERR_UNAUTHENTICATED`.
 */
export async function authenticate(
  { store, access }: { readonly store: StateStore; readonly access: AccessOptions },
  { name, secret }: Credentials,
  call: Call = {},
): Promise<Admission> {
  checkText(name, 'name')
  checkText(secret, 'secret')
  if (access.directory !== undefined) return await askDirectory(access.directory, { name, secret }, call)
  const record = await findAccount(store, name, call)
  const isRight = await orAbort(isPassword(secret, record?.password ?? NO_PASSWORD), call.signal)
  if (record === undefined || !isRight) throw refused()
  return { principal: { name, role: record.role }, session: record.session }
}

/**
 * Looks whether an admission still holds.
 *
 * @throws {@link VmunitError} `ERR_UNAUTHENTICATED` when the account was deleted, or its password was reset.
 */
export async function checkAdmission(
  store: StateStore,
  { principal: { name }, session, by }: Admission,
  call: Call = {},
): Promise<void> {
  if (by !== undefined) await checkAdmission(store, by, call)
  if (session === undefined) return
  const record = await findAccount(store, name, call)
  if (record?.session === session) return
  throw new VmunitError(
    'ERR_UNAUTHENTICATED',
    `The account ${name} was deleted, or its password reset. Authenticate again.`,
    { details: { account: name } },
  )
}

async function askDirectory(directory: Authenticator, given: Credentials, call: Call): Promise<Admission> {
  const { signal } = call
  signal?.throwIfAborted()
  try {
    const answer = await orAbort(directory.authenticate(given.name, given.secret, call), signal)
    return { principal: principalParser.parse(answer) }
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason
    // What a directory throws may quote what it was given.
    const isClean = given.secret !== '' && !inspect(error, { depth: 10 }).includes(given.secret)
    const cause = isClean ? error : undefined
    if (isVmunitError(error, 'ERR_UNAUTHENTICATED')) throw refused(cause)
    if (isVmunitError(error) && isClean) throw error
    throw new VmunitError(
      'ERR_DRIVER',
      'The external directory gave no answer that can be used. Look at its log, and at the cause where there is one.',
      { cause },
    )
  }
}

/** Says nothing about which of the two was wrong, and nothing that was given. */
function refused(cause?: unknown): VmunitError {
  return new VmunitError('ERR_UNAUTHENTICATED', 'The name or the password is wrong. Check both and try again.', {
    cause,
  })
}
