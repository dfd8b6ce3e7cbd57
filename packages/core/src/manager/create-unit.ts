import type { UnitRecord } from '../domain/management-unit.ts'
import { keys, plain } from '../engine/documents.ts'
import { isVmunitError, VmunitError } from '../errors/index.ts'
import type { Call, StateStore } from '../ports/index.ts'

const MAX_TRIES = 50

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
  for (let tries = 1; ; tries += 1) {
    const [unit, ...kept] = await store.get([keys.unit(name), keys.manager, keys.account(owner)], call)
    if (unit !== undefined) {
      throw new VmunitError('ERR_ALREADY_EXISTS', `There is a unit ${name} already. Choose another name.`, {
        details: { unit: name },
      })
    }
    await checkLimit(store, maxUnits, call)
    const put = [
      { key: keys.unit(name), revision: 0, value: plain(record) },
      ...kept.filter((one) => one !== undefined),
    ]
    try {
      await store.commit({ put }, call)
      return
    } catch (error) {
      if (!isVmunitError(error, 'ERR_CONFLICT') || tries === MAX_TRIES) throw error
    }
  }
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
