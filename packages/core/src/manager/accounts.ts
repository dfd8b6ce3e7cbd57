import { randomUUID } from 'node:crypto'
import type { Principal } from '../domain/principal.ts'
import { commitUpdates } from '../engine/commit-updates.ts'
import { keys, plain } from '../engine/documents.ts'
import { VmunitError } from '../errors/index.ts'
import { orAbort } from '../internal/abort.ts'
import { hashPassword, isPassword, NO_PASSWORD, type PasswordHash } from '../internal/password-hash.ts'
import type { Call, StateStore } from '../ports/index.ts'
import { type AccountRecord, accountParser, findAccount } from './account-records.ts'
import { deleteAccount } from './delete-account.ts'
import type { ManagerContext } from './manager-context.ts'
import { checkAccountName, checkPassword, checkText } from './password-rules.ts'
import { checkAdministrator, checkLocalAccounts, denied } from './rights.ts'

/** The account of a system builder, without what it is proved by. */
export interface Account {
  readonly name: string
  /** Milliseconds since 1970, by the store's clock. */
  readonly createdAt: number
}

export interface CreateAccount {
  readonly name: string
  /** Hashed at once; nothing can read it again. */
  readonly password: string
}

export interface ChangePassword {
  readonly name: string
  /** The password until now. Builders must give it, administrators need not. */
  readonly current?: string | undefined
  readonly next: string
}

/**
 * The accounts of system builders (manual 7.2), and the administrator's password.
 *
 * Where the manager has an `authenticator`, accounts are kept there, and all of these are `ERR_EXTERNAL_DIRECTORY`.
 */
export interface Accounts {
  /**
   * Adds a builder; administrators only.
   *
   * @throws {@link VmunitError} `ERR_INVALID_INPUT` for a malformed name or password; `ERR_ALREADY_EXISTS`, also for
   * the administrator's name.
   */
  create(account: CreateAccount, call?: Call): Promise<Account>
  /**
   * Removes a builder, who can do nothing from then on, wherever already let in; administrators only.
   *
   * @throws {@link VmunitError} `ERR_NOT_FOUND`; `ERR_PERMISSION_DENIED` for the administrator's account;
   * `ERR_WRONG_STATE` while it owns units, naming them.
   */
  delete(name: string, call?: Call): Promise<void>
  /**
   * Changes a password: builders their own, administrators anybody's, and their own for the first time.
   *
   * When an administrator changes that of a builder, whoever came in with the one before has to come in again.
   *
   * @throws {@link VmunitError} `ERR_NOT_FOUND`; `ERR_INVALID_INPUT`; `ERR_UNAUTHENTICATED` when `current` is wrong.
   */
  changePassword(change: ChangePassword, call?: Call): Promise<void>
  /** The accounts of builders by name; administrators only. */
  list(call?: Call): Promise<readonly Account[]>
}

export function createAccounts({ principal, ports: { store }, access }: ManagerContext): Accounts {
  const { administrator, minPasswordLength } = access

  /** Rights first: who may not ask learns nothing about accounts. */
  function checkRights(what: string): void {
    checkLocalAccounts(access, 'they cannot be managed here')
    checkAdministrator(principal, what)
  }

  return {
    async create({ name, password }, call = {}) {
      checkRights('create accounts')
      checkAccountName(name)
      checkPassword(password, minPasswordLength)
      if (name === administrator) {
        throw exists(name, `${name} is the administrator of this manager. Choose another name.`)
      }
      const record: AccountRecord = {
        name,
        role: 'builder',
        createdAt: await store.now(call),
        password: await orAbort(hashPassword(password), call.signal),
        session: randomUUID(),
      }
      const update = (value: unknown): ReturnType<typeof plain> => {
        if (value === undefined) return plain(record)
        throw exists(name, `There is an account ${name} already. Choose another name.`)
      }
      await commitUpdates(store, { updates: [{ key: keys.account(name), update }] }, call)
      return accountOf(record)
    },
    async delete(name, call = {}) {
      checkRights('delete accounts')
      checkText(name, 'name of an account')
      if (name === administrator) throw denied(principal, `delete the account of the administrator, ${name}`)
      await deleteAccount(store, name, call)
    },
    async changePassword(change, call = {}) {
      checkLocalAccounts(access, 'passwords cannot be changed here')
      checkMayChange(principal, change)
      checkAccountName(change.name)
      checkPassword(change.next, minPasswordLength)
      await changePassword({ store, principal, administrator }, change, call)
    },
    async list(call = {}) {
      checkRights('list accounts')
      const accounts: Account[] = []
      for await (const { value } of store.list(keys.account(''), call)) {
        const record = accountParser.parse(value)
        if (record.role === 'builder') accounts.push(accountOf(record))
      }
      return accounts
    },
  }
}

function accountOf({ name, createdAt }: AccountRecord): Account {
  return { name, createdAt }
}

function exists(name: string, message: string): VmunitError {
  return new VmunitError('ERR_ALREADY_EXISTS', message, { details: { account: name } })
}

function checkMayChange(principal: Principal, { name }: ChangePassword): void {
  const isOwn = principal.role === 'builder' && principal.name === name
  if (!isOwn) checkAdministrator(principal, 'change the password of somebody else')
}

interface Changing {
  readonly store: StateStore
  readonly principal: Principal
  readonly administrator: string
}

async function changePassword(
  { store, principal, administrator }: Changing,
  { name, current, next }: ChangePassword,
  call: Call,
): Promise<void> {
  const isAdministrator = principal.role === 'administrator'
  const record = await findAccount(store, name, call)
  if (!isAdministrator || current !== undefined) await checkCurrent(record, current, call)
  const password = await orAbort(hashPassword(next), call.signal)
  const createdAt = await store.now(call)
  const isReset = isAdministrator && name !== principal.name
  const update = (value: unknown): ReturnType<typeof plain> => {
    if (value !== undefined) {
      const found = accountParser.parse(value)
      checkSame(found, record?.password)
      return plain({ ...found, password, session: isReset ? randomUUID() : found.session })
    }
    if (name === administrator && isAdministrator) {
      return plain({ name, role: 'administrator', createdAt, password, session: randomUUID() } satisfies AccountRecord)
    }
    throw new VmunitError('ERR_NOT_FOUND', `There is no account ${name}. List them with manager.accounts.list().`, {
      details: { account: name },
    })
  }
  await commitUpdates(store, { updates: [{ key: keys.account(name), update }] }, call)
}

async function checkCurrent(record: AccountRecord | undefined, current: unknown, call: Call): Promise<void> {
  checkText(current, 'current password')
  const isRight = await orAbort(isPassword(String(current), record?.password ?? NO_PASSWORD), call.signal)
  if (isRight && record !== undefined) return
  throw new VmunitError('ERR_UNAUTHENTICATED', 'The current password is wrong. The password was not changed.')
}

/** What was proved is the password that was read; another one since then was not. */
function checkSame({ name, password }: AccountRecord, read: PasswordHash | undefined): void {
  if (read === undefined || read.hash === password.hash) return
  throw new VmunitError('ERR_CONFLICT', `Somebody else changed the password of ${name} at this moment. Try again.`, {
    details: { account: name },
  })
}
