import { poolNameOf } from '../../domain/pool-name.ts'
import { VmunitError } from '../../errors/index.ts'
import type { PoolMember, World } from '../../ports/index.ts'
import type { Member } from '../roll/member.ts'
import { groupsOf, unitOf } from '../roll/members-of.ts'

/**
 * Refuses what is about a load balancer for groups that none of their tiers has one (spec §3.15, §3.17).
 *
 * @throws {@link VmunitError} `ERR_WRONG_STATE`.
 */
export function checkLinked(
  world: World,
  request: { readonly unit: string; readonly groups?: readonly string[] | undefined },
): void {
  const unit = unitOf(world, request.unit)
  const groups = groupsOf(unit, request.groups)
  const linked = new Set(unit.tiers.filter(({ balancer }) => balancer !== undefined).map(({ id }) => id))
  if (groups.some(({ servers }) => servers.some(({ tierId }) => linked.has(tierId)))) return
  throw new VmunitError(
    'ERR_WRONG_STATE',
    `No server of ${groups.map(({ name }) => name).join(', ') || unit.name} is behind a load balancer. Name one as lb.use in tier.properties, and import that.`,
    { details: { unit: unit.name, groups: groups.map(({ name }) => name) } },
  )
}

/** What the balancer itself says of a server; `none` when it does not know it. */
export function trafficAt(world: World, { tier, server }: Member): PoolMember['traffic'] | 'none' {
  const { name, pool } = tier.balancer ?? {}
  return world.members.get(`${name}/${pool}`)?.find(({ slot }) => slot === poolNameOf(server))?.traffic ?? 'none'
}
