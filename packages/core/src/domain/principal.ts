/** Who asks. Rights follow from the role, and for builders from the ownership of units (spec §1.3). */
export interface Principal {
  readonly name: string
  readonly role: 'administrator' | 'builder' | 'resourceManager'
}

/** Whether a principal may see and change a unit: an administrator every one, a builder those it owns. */
export function mayAccess(principal: Principal, unit: { readonly owner: string }): boolean {
  return principal.role === 'administrator' || (principal.role === 'builder' && unit.owner === principal.name)
}
