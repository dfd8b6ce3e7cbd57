import { hasTier, isAvailable } from '../../domain/availability.ts'
import type { ManagementUnit, ServerGroup } from '../../domain/management-unit.ts'
import type { ExpectedFact, Wave } from '../../domain/plan.ts'
import { countOf, waveWidth } from '../../domain/share.ts'
import { VmunitError } from '../../errors/index.ts'
import type { GroupProcedure } from './stage.ts'

export interface Disturbance {
  readonly unit: ManagementUnit
  /** The groups that are taken out of service. */
  readonly groups: readonly ServerGroup[]
  readonly waves: readonly Wave[]
  readonly allowOutage: boolean
}

/**
 * Looks whether every tier keeps an available group while the waves go through; says so in a note when it does not.
 *
 * @throws {@link VmunitError} `ERR_WOULD_INTERRUPT` unless the outage is allowed.
 */
export function checkAvailability({ unit, groups, waves, allowOutage }: Disturbance): readonly string[] {
  // A group that failed, within its wave's budget, stays out of service while the next ones are taken.
  const outAtOnce = waves.map(
    (wave) => waveWidth(wave.groups, groups.length) + countOf(wave.maxFailures ?? 0, groups.length, 'down'),
  )
  const width = Math.min(groups.length, Math.max(0, ...outAtOnce))
  const interrupted = unit.tiers.filter((tier) => {
    const available = new Set(unit.groups.filter((group) => hasTier(group, tier.id) && isAvailable(unit, group)))
    const taken = groups.filter((group) => available.has(group)).length
    return taken > 0 && available.size <= Math.min(width, taken)
  })
  if (interrupted.length === 0) return []
  const tiers = interrupted.map(({ id }) => id).join(', ')
  if (allowOutage) return [`takes the last available group of tier ${tiers}: no other group stands in for it meanwhile`]
  throw new VmunitError(
    'ERR_WOULD_INTERRUPT',
    `The plan takes the last available group of tier ${tiers}. Use smaller waves, allow fewer failures, add a group, or pass allowOutage: true.`,
    { details: { unit: unit.name, tiers: interrupted.map(({ id }) => id), width } },
  )
}

/** Makes the change of a serving group rely on another group serving each of its tiers at the moment it begins. */
export function keepServing(unit: ManagementUnit, group: ServerGroup, procedure: GroupProcedure): GroupProcedure {
  const { change } = procedure
  if (!change.disturbs || !isAvailable(unit, group)) return procedure
  const tiers = new Map(group.servers.map(({ tierId, slot }) => [tierId, slot]))
  const standIns = [...tiers].map(
    ([about, server]): ExpectedFact => ({ about, fact: 'standIn', server, unit: unit.name, value: true }),
  )
  return { ...procedure, change: { ...change, expects: [...change.expects, ...standIns] } }
}
