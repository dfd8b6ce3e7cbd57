import { addressesOf } from '../../domain/addresses.ts'
import type { GroupDeclaration } from '../../domain/group-declaration.ts'
import type { ManagementUnit } from '../../domain/management-unit.ts'
import { VmunitError } from '../../errors/index.ts'
import type { World } from '../../ports/index.ts'
import { checkRegistered } from '../roll/members-of.ts'

/**
 * The error table of attach (spec §3.12): any error attaches nothing; only a group that exists already (row 4) is left
 * out with a warning.
 *
 * @throws {@link VmunitError} row 3 `ERR_NOTHING_REGISTERED`, row 5 `ERR_UNKNOWN_TIER`, row 6 `ERR_DUPLICATE_ADDRESS`,
 * rows 7 and 8 `ERR_ALREADY_EXISTS`.
 */
export function checkDeclarations(
  world: World,
  unit: ManagementUnit,
  declared: readonly GroupDeclaration[],
): { readonly groups: readonly GroupDeclaration[]; readonly warnings: readonly string[] } {
  checkRegistered(unit)
  checkDuplicates(declared)
  checkTiers(unit, declared)
  const known = new Set(unit.groups.map(({ name }) => name))
  const groups = declared.filter(({ name }) => !known.has(name))
  checkUnused(world, groups)
  const skipped = declared.filter(({ name }) => known.has(name))
  return { groups, warnings: skipped.map(({ name }) => `group ${name} exists already and was left out`) }
}

function checkTiers(unit: ManagementUnit, declared: readonly GroupDeclaration[]): void {
  const tiers = new Set(unit.tiers.map(({ id }) => id))
  for (const { name, servers } of declared) {
    for (const { tierId, address } of servers) {
      if (tiers.has(tierId)) continue
      throw new VmunitError(
        'ERR_UNKNOWN_TIER',
        `Server ${address} of group ${name} names tier ${tierId}; the definition of ${unit.name} has ${[...tiers].join(', ')}.`,
        { details: { unit: unit.name, group: name, address, tier: tierId, known: [...tiers] } },
      )
    }
  }
}

function checkDuplicates(declared: readonly GroupDeclaration[]): void {
  const seen = new Map<string, string>()
  for (const { name, servers } of declared) {
    for (const server of servers) {
      for (const one of addressesOf(server)) {
        const other = seen.get(one)
        if (other !== undefined) {
          throw new VmunitError(
            'ERR_DUPLICATE_ADDRESS',
            `Address ${one} appears twice: in group ${other} and in group ${name}.`,
            {
              details: { address: one, groups: [other, name] },
            },
          )
        }
        seen.set(one, name)
      }
    }
  }
  const names = declared.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    throw new VmunitError('ERR_INVALID_INPUT', `Group ${twice} is declared twice. Give each group a name of its own.`, {
      details: { group: twice },
    })
  }
}

function checkUnused(world: World, groups: readonly GroupDeclaration[]): void {
  for (const { name, servers } of groups) {
    for (const server of servers) {
      for (const one of addressesOf(server)) {
        checkUnreserved(world, name, one)
        const holder = world.addresses.get(one)
        if (holder === undefined) continue
        throw new VmunitError(
          'ERR_ALREADY_EXISTS',
          `Address ${one} of group ${name} is registered already, for ${holder.slot} of unit ${holder.unit}. Detach that first.`,
          { details: { address: one, group: name, holder } },
        )
      }
    }
  }
}

function checkUnreserved(world: World, group: string, address: string): void {
  const reservation = world.reserved?.get(address)
  if (reservation === undefined) return
  const { id, until } = reservation
  const standing = until === undefined ? `is handed out for ${id}` : `rests until ${new Date(until).toISOString()}`
  throw new VmunitError(
    'ERR_ALREADY_EXISTS',
    `Address ${address} of group ${group} is one of the address pool, where it ${standing}. Give the server another address.`,
    { details: { address, group, reservation } },
  )
}
