import { unitParser } from '../domain/parsers.ts'
import type { Plain } from '../domain/plain.ts'
import { commitUpdates } from '../engine/commit-updates.ts'
import { keys, plain } from '../engine/documents.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call, DocumentUpdate } from '../ports/index.ts'
import type { ManagerContext } from './manager-context.ts'
import { checkText } from './password-rules.ts'
import { checkAdministrator, checkLocalAccounts } from './rights.ts'
import { getUnit } from './unit-access.ts'

/** Gives a unit to another owner, who exists in the same transaction. */
export async function changeOwner(
  { principal, ports: { store }, access }: ManagerContext,
  { name, owner }: { readonly name: string; readonly owner: string },
  call: Call,
): Promise<void> {
  checkLocalAccounts(access, 'units have no owner that counts')
  checkAdministrator(principal, 'change the owner of a unit')
  checkText(owner, 'name of the new owner')
  await getUnit({ store, principal }, name, call)
  const update = (value: Plain): Plain => {
    if (value !== undefined) return plain({ ...unitParser.parse(value), owner })
    throw new VmunitError('ERR_NOT_FOUND', `There is no unit ${name} any more.`, { details: { unit: name } })
  }
  const updates: DocumentUpdate[] = [{ key: keys.unit(name), update }]
  if (owner !== access.administrator) updates.push(existingAccount(owner))
  await commitUpdates(store, { updates }, call)
}

function existingAccount(owner: string): DocumentUpdate {
  return {
    key: keys.account(owner),
    update: (value) => {
      if (value !== undefined) return value
      throw new VmunitError(
        'ERR_NOT_FOUND',
        'The new owner has no account. Name a builder of manager.accounts.list(), or the administrator.',
        { details: { account: owner } },
      )
    },
  }
}
