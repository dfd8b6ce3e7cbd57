import type { ManagementUnit, ServerGroup, VirtualServer } from '../../domain/management-unit.ts'
import type { Wave } from '../../domain/plan.ts'
import { countOf, waveWidth } from '../../domain/share.ts'
import { VmunitError } from '../../errors/index.ts'

/** Whether the group serves: every one of its servers works and gets its traffic. */
export function isAvailable(unit: ManagementUnit, group: ServerGroup): boolean {
  return group.servers.every((server) => server.status === 'working' && getsTraffic(unit, server))
}

function getsTraffic(unit: ManagementUnit, server: VirtualServer): boolean {
  const tier = unit.tiers.find(({ id }) => id === server.tierId)
  return tier?.balancer === undefined || server.traffic === 'in'
}

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
    const has = (group: ServerGroup): boolean => group.servers.some(({ tierId }) => tierId === tier.id)
    const available = unit.groups.filter((group) => has(group) && isAvailable(unit, group))
    const taken = groups.filter((group) => available.includes(group)).length
    return taken > 0 && available.length <= Math.min(width, taken)
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
