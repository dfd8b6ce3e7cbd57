import type { ManagementUnit, ServerGroup, VirtualServer } from '../../domain/management-unit.ts'
import type { Wave } from '../../domain/plan.ts'
import { waveWidth } from '../../domain/share.ts'
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
  const width = Math.min(groups.length, Math.max(0, ...waves.map((wave) => waveWidth(wave.groups, groups.length))))
  const interrupted = unit.tiers.filter((tier) => {
    const has = (group: ServerGroup): boolean => group.servers.some(({ tierId }) => tierId === tier.id)
    const available = unit.groups.filter((group) => has(group) && isAvailable(unit, group))
    const taken = Math.min(width, groups.filter((group) => available.includes(group)).length)
    return available.length > 0 && taken > 0 && available.length - taken < 1
  })
  if (interrupted.length === 0) return []
  const tiers = interrupted.map(({ id }) => id).join(', ')
  const text = `the last available group of tier ${tiers} goes out of service: the service of ${unit.name} is interrupted`
  if (allowOutage) return [text]
  throw new VmunitError(
    'ERR_WOULD_INTERRUPT',
    `With this plan ${text}. Use smaller waves, add a group, or pass allowOutage: true.`,
    { details: { unit: unit.name, tiers: interrupted.map(({ id }) => id), width } },
  )
}
