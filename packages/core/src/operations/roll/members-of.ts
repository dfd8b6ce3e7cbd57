import type { Definition } from '../../domain/definition.ts'
import type { ManagementUnit, ServerGroup } from '../../domain/management-unit.ts'
import { VmunitError } from '../../errors/index.ts'
import { nameSome } from '../../internal/name-some.ts'
import type { World } from '../../ports/index.ts'
import type { Member } from './member.ts'

/** The unit of that name, as far as the principal may see it. */
export function unitOf(world: World, name: string): ManagementUnit {
  const unit = world.units.get(name)
  if (unit !== undefined) return unit
  throw new VmunitError(
    'ERR_NOT_FOUND',
    `There is no unit ${name} that ${world.principal.name} may use. List them with manager.units.list().`,
    {
      details: { unit: name, known: [...world.units.keys()].slice(0, 20) },
    },
  )
}

/** The groups of these names, in the order of the unit; all of them when no names are given. */
export function groupsOf(unit: ManagementUnit, names: readonly string[] | undefined): readonly ServerGroup[] {
  if (names === undefined) return unit.groups
  const known = new Set(unit.groups.map(({ name }) => name))
  const missing = names.filter((name) => !known.has(name))
  if (missing.length > 0) {
    throw new VmunitError(
      'ERR_NOT_FOUND',
      `Unit ${unit.name} has no group ${nameSome(missing)}. ${known.size === 0 ? 'It has none' : `It has ${nameSome([...known])}`}.`,
      {
        details: { unit: unit.name, missing, known: [...known].slice(0, 20) },
      },
    )
  }
  return unit.groups.filter(({ name }) => names.includes(name))
}

/** The registered definition of a unit, when there is one. */
export function definitionOf(world: World, unit: ManagementUnit): Definition | undefined {
  return unit.definition === undefined ? undefined : world.definitions.get(unit.definition)
}

/** Refuses a unit without a definition directory. */
export function checkRegistered(unit: ManagementUnit): void {
  if (unit.definition === undefined) throw nothingRegistered(unit)
}

/** Says that there is no definition directory to work with. */
export function nothingRegistered({ name }: ManagementUnit): VmunitError {
  return new VmunitError('ERR_NOTHING_REGISTERED', `Unit ${name} has no definition directory. Import one first.`, {
    details: { unit: name },
  })
}

/** The servers of a group with their tiers. */
export function membersOf(world: World, unit: ManagementUnit, group: ServerGroup): readonly Member[] {
  const definition = definitionOf(world, unit)
  const machines = world.machines.get(unit.hypervisor)
  return group.servers.map((server) => {
    const tier = unit.tiers.find(({ id }) => id === server.tierId)
    if (tier === undefined) {
      throw new VmunitError(
        'ERR_UNKNOWN_TIER',
        `Server ${server.address} is of tier ${server.tierId}, which the definition of ${unit.name} does not have.`,
        { details: { unit: unit.name, server: server.slot, tier: server.tierId } },
      )
    }
    const id = server.machine?.id
    const machine = machines?.get(id ?? '')
    const isOn = id !== undefined && machine?.power !== 'off'
    return { unit, group: group.name, tier, server, isOn, failureDomain: machine?.failureDomain, definition }
  })
}

/** Warnings about groups that bear a fault mark: they are worked on all the same (manual 7.4.7). */
export function markWarnings(groups: readonly ServerGroup[]): readonly string[] {
  return groups.flatMap(({ name, mark }) => {
    if (mark === undefined) return []
    return mark.comment === '' ? [`${name} bears a fault mark`] : [`${name} bears a fault mark: ${mark.comment}`]
  })
}
