/**
 * What an external directory opens to somebody: a unit, which is the manual's resource group, and a permission.
 */
export interface UnitGrant {
  /** The name of a unit; `*` is every unit. */
  readonly unit: string
  /** `view`: look at it. `operate`: look at it and work on it. */
  readonly permission: 'view' | 'operate'
}

/** Who asks. Rights follow from the role, and for builders from the ownership of units (spec §1.3), or from grants. */
export interface Principal {
  readonly name: string
  readonly role: 'administrator' | 'builder' | 'resourceManager'
  /** Where rights come from an external directory: they take the place of ownership. */
  readonly grants?: readonly UnitGrant[] | undefined
}

/** As much of a unit as rights go by. */
interface OwnedUnit {
  readonly name: string
  readonly owner: string
}

/** Whether a principal may see a unit: an administrator every one, a builder those it owns or was granted. */
export function mayAccess(principal: Principal, unit: OwnedUnit): boolean {
  return hasRight(principal, unit, ['view', 'operate'])
}

/** Whether a principal may work on a unit. */
export function mayOperate(principal: Principal, unit: OwnedUnit): boolean {
  return hasRight(principal, unit, ['operate'])
}

/** Whether a principal may do work at all: a builder with grants needs one that permits more than looking. */
export function mayWork({ role, grants }: Principal): boolean {
  if (role === 'builder') return grants?.some(({ permission }) => permission === 'operate') ?? true
  return role === 'administrator'
}

function hasRight(
  { name, role, grants }: Principal,
  unit: OwnedUnit,
  permissions: readonly UnitGrant['permission'][],
): boolean {
  if (role === 'administrator') return true
  if (role !== 'builder') return false
  if (grants === undefined) return unit.owner === name
  return grants.some(
    (grant) => (grant.unit === '*' || grant.unit === unit.name) && permissions.includes(grant.permission),
  )
}
