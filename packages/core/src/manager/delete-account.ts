import { unitParser } from '../domain/parsers.ts'
import { keys } from '../engine/documents.ts'
import { isVmunitError, VmunitError } from '../errors/index.ts'
import type { Call, StateStore } from '../ports/index.ts'

const MAX_TRIES = 50

/**
 * Removes an account that owns no unit.
 *
 * Whoever makes it the owner of a unit writes the account too, so that of two at the same moment one has to look again.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND`; `ERR_WRONG_STATE` naming its units.
 */
export async function deleteAccount(store: StateStore, name: string, call: Call = {}): Promise<void> {
  const key = keys.account(name)
  for (let tries = 1; ; tries += 1) {
    const [document] = await store.get([key], call)
    if (document === undefined) {
      throw new VmunitError('ERR_NOT_FOUND', `There is no account ${name}. List them with manager.accounts.list().`, {
        details: { account: name },
      })
    }
    await checkOwnsNothing(store, name, call)
    try {
      await store.commit({ put: [{ key, revision: document.revision, value: undefined }] }, call)
      return
    } catch (error) {
      if (!isVmunitError(error, 'ERR_CONFLICT') || tries === MAX_TRIES) throw error
    }
  }
}

async function checkOwnsNothing(store: StateStore, name: string, call: Call): Promise<void> {
  const units: string[] = []
  for await (const { value } of store.list(keys.unit(''), call)) {
    const unit = unitParser.parse(value)
    if (unit.owner === name) units.push(unit.name)
  }
  if (units.length === 0) return
  throw new VmunitError(
    'ERR_WRONG_STATE',
    `${name} owns ${units.join(', ')}. Give them to somebody else with manager.units.changeOwner() first.`,
    { details: { account: name, units } },
  )
}
