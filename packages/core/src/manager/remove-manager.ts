import type { Principal } from '../domain/principal.ts'
import { hasEnded } from '../domain/run-state.ts'
import { commitUpdates } from '../engine/commit-updates.ts'
import { keys, runDocumentParser } from '../engine/documents.ts'
import { removeDocument } from '../engine/run-head.ts'
import { openRuns } from '../engine/run-register.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call, StateStore } from '../ports/index.ts'
import { checkAdministrator } from './rights.ts'

/**
 * Gives the store up (manual 3.3): it belongs to no manager any more, and its file can be deleted.
 *
 * @throws {@link VmunitError} `ERR_PERMISSION_DENIED` for all but administrators; `ERR_WRONG_STATE` while there are
 * units, or runs that have not ended.
 */
export async function removeManager(store: StateStore, principal: Principal, call: Call = {}): Promise<void> {
  checkAdministrator(principal, 'remove the manager')
  // Whoever creates a unit writes the document of the manager too: then there is one to be looked at.
  const check = async (): Promise<void> => await checkUnused(store, call)
  await commitUpdates(store, { updates: [removeDocument(keys.manager)], check }, call)
}

async function checkUnused(store: StateStore, call: Call): Promise<void> {
  const units: string[] = []
  for await (const { key } of store.list('unit/', call)) units.push(key.slice('unit/'.length))
  if (units.length > 0) throw inUse(`There are units: ${units.slice(0, 20).join(', ')}. Delete them first.`, { units })
  const runs: string[] = []
  for (const { key, value } of await openRuns(store, call)) {
    if (!hasEnded(runDocumentParser.parse(value).state)) runs.push(key.slice('run/'.length))
  }
  if (runs.length > 0) throw inUse(`Runs have not ended: ${runs.slice(0, 20).join(', ')}. Cancel them first.`, { runs })
}

function inUse(message: string, details: Readonly<Record<string, unknown>>): VmunitError {
  return new VmunitError('ERR_WRONG_STATE', message, { details })
}
