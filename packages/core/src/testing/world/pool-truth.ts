import type { Pool, PoolMember } from '../../ports/load-balancer.ts'

/** A pool with its members, as they really are. */
export interface PoolTruth extends Pool {
  readonly members: readonly PoolMember[]
}
