import type { BalancerConnection } from '../domain/tier.ts'
import type { Call } from './call.ts'
import type { LoadBalancer } from './load-balancer.ts'

/** The load balancer that the definition directory of a unit brings with it for a tier. */
export interface UnitBalancer {
  readonly unit: string
  readonly tierId: string
  readonly connection: BalancerConnection
  /** The bytes of `tierlb.properties`, in which the password stands. */
  readonly properties: Uint8Array
}

/** Opens the load balancer of a unit. The manager that asked closes it. */
export type BalancerConnector = (balancer: UnitBalancer, call?: Call) => Promise<LoadBalancer>
