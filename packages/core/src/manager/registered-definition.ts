import type { Definition } from '../domain/definition.ts'
import { definitionParser } from '../domain/parsers.ts'
import { claimHolder } from '../engine/claims.ts'
import { keys } from '../engine/documents.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call } from '../ports/index.ts'
import { getUnit, type UnitAccess } from './unit-access.ts'

/**
 * The registered definition of a unit; with `mustBeFree` only while no run imports another one.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND`, `ERR_NOTHING_REGISTERED`, `ERR_CLAIMED`.
 */
export async function readRegistered(
  access: UnitAccess,
  { unit, mustBeFree }: { readonly unit: string; readonly mustBeFree: boolean },
  call: Call = {},
): Promise<Definition> {
  const { definition: hash } = await getUnit(access, unit, call)
  if (mustBeFree) {
    const runId = await claimHolder(access.store, `definition/${unit}`, call)
    if (runId !== undefined) {
      throw new VmunitError(
        'ERR_CLAIMED',
        `Run ${runId} imports a definition into ${unit}. Wait for it, or cancel it.`,
        {
          details: { runId },
        },
      )
    }
  }
  const [document] = hash === undefined ? [] : await access.store.get([keys.definition(hash)], call)
  if (document !== undefined) return definitionParser.parse(document.value)
  throw new VmunitError('ERR_NOTHING_REGISTERED', `Unit ${unit} has no definition directory. Import one first.`, {
    details: { unit },
  })
}
