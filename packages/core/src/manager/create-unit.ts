import type { UnitRecord } from '../domain/management-unit.ts'
import type { Plain } from '../domain/plain.ts'
import { commitUpdates } from '../engine/commit-updates.ts'
import { keys, plain } from '../engine/documents.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call, StateStore } from '../ports/index.ts'

/**
 * Writes the record of a new unit, while there are fewer than `maxUnits`.
 *
 * Who creates a unit writes the document of the manager too: one that was created since the units were counted makes
 * this count again. The account of the owner stays as it is, where there is one.
 *
 * @throws {@link VmunitError} `ERR_ALREADY_EXISTS`, `ERR_LIMIT_REACHED`.
 */
export async function createUnit(
  store: StateStore,
  { record, maxUnits }: { readonly record: UnitRecord; readonly maxUnits: number },
  call: Call = {},
): Promise<void> {
  const { name, owner } = record
  const keep = (value: Plain): Plain => value
  const updates = [
    { key: keys.unit(name), update: () => plain(record) },
    { key: keys.manager, update: keep },
    { key: keys.account(owner), update: keep },
  ]
  const check = async (read: ReadonlyMap<string, Plain>): Promise<void> => {
    if (read.get(keys.unit(name)) !== undefined) {
      throw new VmunitError('ERR_ALREADY_EXISTS', `There is a unit ${name} already. Choose another name.`, {
        details: { unit: name },
      })
    }
    await checkLimit(store, maxUnits, call)
  }
  await commitUpdates(store, { updates, check }, call)
}

async function checkLimit(store: StateStore, maxUnits: number, call: Call): Promise<void> {
  let count = 0
  for await (const _unit of store.list(keys.unit(''), call)) count += 1
  if (count < maxUnits) return
  throw new VmunitError(
    'ERR_LIMIT_REACHED',
    `There are ${count} units, and maxUnits of createManager allows ${maxUnits}. Delete one, or raise it.`,
    { details: { count, maxUnits } },
  )
}
