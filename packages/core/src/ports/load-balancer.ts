import type { Call, Closeable } from './call.ts'

export interface Pool {
  readonly name: string
  readonly address?: string | undefined
  readonly port: number
}

export interface PoolMember {
  readonly slot: string
  readonly address: string
  readonly port: number
  readonly traffic: 'in' | 'drain' | 'out'
  /** Open connections, where the balancer counts them. */
  readonly connections?: number | undefined
}

/**
 * Entry points of tiers (the original's VirtualServer) and their members (RealServers).
 * Every call is idempotent; an unknown pool is `ERR_NOT_FOUND`, except where removing it is the aim.
 */
export interface LoadBalancer extends Closeable {
  ensurePool(pool: Pool, call?: Call): Promise<void>
  removePool(pool: string, call?: Call): Promise<void>
  /** A new member gets no traffic until it is put in. A known slot at another address is moved there, and is out. */
  ensureMember(
    pool: string,
    member: { readonly slot: string; readonly address: string; readonly port: number },
    call?: Call,
  ): Promise<void>
  removeMember(pool: string, slot: string, call?: Call): Promise<void>
  /** `drain` takes no new work, `out` cuts what is left; deadlines belong to the engine. */
  traffic(pool: string, slot: string, to: 'in' | 'drain' | 'out', call?: Call): Promise<void>
  /** An unknown pool has none. */
  members(pool: string, call?: Call): Promise<readonly PoolMember[]>
}
