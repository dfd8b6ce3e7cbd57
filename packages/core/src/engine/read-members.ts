import type { UnitRecord } from '../domain/management-unit.ts'
import type { Call, PoolMember } from '../ports/index.ts'
import type { EngineOptions } from './engine-options.ts'
import { findBalancer } from './find-balancer.ts'

/** The members of the pools of units, by `<balancer>/<pool>`; a balancer that nobody passed is left out. */
export async function readMembers(
  ports: Pick<EngineOptions, 'balancers' | 'unitBalancers'>,
  units: readonly Pick<UnitRecord, 'tiers'>[],
  call: Call,
): Promise<ReadonlyMap<string, readonly PoolMember[]>> {
  const pools = units.flatMap((unit) => unit.tiers.flatMap((tier) => tier.balancer ?? []))
  const members = new Map<string, readonly PoolMember[]>()
  await Promise.all(
    pools.map(async ({ name, pool }) => {
      const balancer = findBalancer(ports, name)
      if (balancer !== undefined) members.set(`${name}/${pool}`, await balancer.members(pool, call))
    }),
  )
  return members
}
