import type { AddressPool } from '../../ports/index.ts'
import type { ContractRule, Lab } from './contract-rule.ts'

/** A pool of which nothing is reserved, and the hands of a person who may do everything there. */
export interface AddressPoolLab extends Lab {
  readonly pool: AddressPool
  /** Another object for the same pool, as another process has. */
  reopen(): Promise<AddressPool>
  /** Two networks, and the addresses of each; at least two. */
  readonly networks: readonly [LabNetwork, LabNetwork]
  /** Resolves when everything that was released has rested for long enough. */
  rest(): Promise<void>
}

/** A network of a pool under test, and what can be handed out of it. */
export interface LabNetwork {
  readonly name: string
  readonly addresses: readonly string[]
}

/** A rule of the contract of address pools. */
export type AddressPoolRule = ContractRule<AddressPoolLab>
