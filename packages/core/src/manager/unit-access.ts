import type { ManagementUnit, ServerGroup, UnitRecord } from '../domain/management-unit.ts'
import { groupParser, unitParser } from '../domain/parsers.ts'
import { mayAccess, mayOperate, type Principal } from '../domain/principal.ts'
import { keys } from '../engine/documents.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call, StateStore } from '../ports/index.ts'
import { denied } from './rights.ts'

export interface UnitAccess {
  readonly store: StateStore
  readonly principal: Principal
}

/** The record of a unit without its groups; undefined when there is none, or the principal may not see it. */
export async function findUnit(
  { store, principal }: UnitAccess,
  name: string,
  call: Call = {},
): Promise<UnitRecord | undefined> {
  const [document] = await store.get([keys.unit(name)], call)
  const record = document === undefined ? undefined : unitParser.parse(document.value)
  return record !== undefined && mayAccess(principal, record) ? record : undefined
}

/**
 * The record of a unit that the principal may see.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND`; whether the unit exists stays hidden from strangers.
 */
export async function getUnit(access: UnitAccess, name: string, call: Call = {}): Promise<UnitRecord> {
  const record = await findUnit(access, name, call)
  if (record !== undefined) return record
  throw new VmunitError(
    'ERR_NOT_FOUND',
    `There is no unit ${name} that ${access.principal.name} may use. List them with manager.units.list().`,
    {
      details: { unit: name },
    },
  )
}

/**
 * The record of a unit that the principal may work on.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND`; `ERR_PERMISSION_DENIED` when a directory only lets it look.
 */
export async function getUnitToWorkOn(access: UnitAccess, name: string, call: Call = {}): Promise<UnitRecord> {
  const record = await getUnit(access, name, call)
  if (mayOperate(access.principal, record)) return record
  throw denied(access.principal, `work on unit ${name}, only look at it`)
}

/** The same with its groups. */
export async function readUnit(access: UnitAccess, name: string, call: Call = {}): Promise<ManagementUnit> {
  const record = await getUnit(access, name, call)
  const groups: ServerGroup[] = []
  for await (const { value } of access.store.list(keys.groupsOf(name), call)) groups.push(groupParser.parse(value))
  return { ...record, groups }
}
