import type { ManagementUnit } from '../../domain/management-unit.ts'
import type { ExpectedFact } from '../../domain/plan.ts'
import type { Tier } from '../../domain/tier.ts'
import { groupClaim } from '../../engine/claims.ts'
import { VmunitError } from '../../errors/index.ts'
import { nameSome } from '../../internal/name-some.ts'

/** What an import relies on that gives tiers of attached servers another pool, or none any more. */
export interface MovedPools {
  /** The groups concerned: no run that knows only the pool of before works on them meanwhile. */
  readonly claims: readonly string[]
  readonly expects: readonly ExpectedFact[]
}

/**
 * Looks which servers would get another pool: a server that is in a pool which the unit does not know any more would
 * get its requests for ever.
 *
 * @throws {@link VmunitError} `ERR_WRONG_STATE` naming the servers that are in a pool of before.
 */
export function movedPools(unit: ManagementUnit, next: readonly Tier[]): MovedPools {
  const before = new Map(unit.tiers.map((tier) => [tier.id, entryPointOf(tier)]))
  const after = new Map(next.map((tier) => [tier.id, entryPointOf(tier)]))
  const isMoved = (tierId: string): boolean => before.get(tierId) !== after.get(tierId)
  const groups = unit.groups.filter(({ servers }) => servers.some(({ tierId }) => isMoved(tierId)))
  const servers = groups.flatMap((group) => group.servers).filter(({ tierId }) => isMoved(tierId))
  const inPool = servers.filter(({ traffic }) => traffic !== 'none')
  if (inPool.length > 0) {
    throw new VmunitError(
      'ERR_WRONG_STATE',
      `The definition has another lb.use or lb.virtualserver.name for servers that are in a pool: ${nameSome(inPool.map(({ address }) => address))}. Detach them first, and attach them again afterwards.`,
      { details: { unit: unit.name, servers: inPool.map(({ slot }) => slot) } },
    )
  }
  return {
    claims: groups.map(({ name }) => groupClaim(unit.name, name)),
    expects: servers.map(({ slot, status }) => ({ unit: unit.name, server: slot, fact: 'status', value: status })),
  }
}

/** Which pool at which balancer it is; what else is said of it may change. */
function entryPointOf({ balancer }: Tier): string {
  return JSON.stringify([balancer?.name, balancer?.connection?.host, balancer?.pool])
}
