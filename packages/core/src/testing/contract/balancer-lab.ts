import type { LoadBalancer } from '../../ports/index.ts'
import type { ContractRule, Lab } from './contract-rule.ts'

/** A load balancer without pools of ours, and the hands of a person who may do everything there. */
export interface BalancerLab extends Lab {
  readonly balancer: LoadBalancer
  /** Another object for the same balancer, as a process has after a crash of the first. Closed with the lab. */
  reopen(): Promise<LoadBalancer>
  /** The name and port of a pool that can be made here and is not there yet; another one each time. */
  newPool(): { readonly name: string; readonly port: number }
  /** The address and port of a server that can be a member; another one each time. */
  newServer(): { readonly address: string; readonly port: number }
  /** The next call of this kind acts, and its answer is lost: it rejects. */
  loseNextAnswer(call: 'ensurePool' | 'removePool' | 'ensureMember' | 'removeMember' | 'traffic'): Promise<void>
  /** Makes so many clients hold a connection through a member that takes traffic. Needed by the facet `connections`. */
  setConnections(pool: string, slot: string, count: number): Promise<void>
}

/** A rule of the contract of load balancers. */
export type BalancerRule = ContractRule<BalancerLab>
