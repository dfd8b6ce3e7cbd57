import type { HypervisorDriver, MachineNetwork } from '../../ports/index.ts'
import type { ContractRule, Lab } from './contract-rule.ts'

/** A platform, a driver on it, and the hands of a person who may do everything there. */
export interface HypervisorLab extends Lab {
  readonly driver: HypervisorDriver
  /** An image that machines can be made from; no machine was made from it yet. */
  readonly image: string
  /** The id of the manager, as it stands in markers. */
  readonly manager: string
  /** A name for a management unit, unknown to the platform. */
  readonly unit: string
  /** Whether a machine needs the image that it was made from, as a linked clone does. */
  readonly linked: boolean
  /** Two failure domains of the platform, as machines tell them. Needed by the facet `failureDomains`. */
  failureDomains?(): Promise<readonly [string, string]>
  /** Networks for one more machine; addresses are never given twice. */
  networks(): readonly MachineNetwork[]
  /** Another driver on the same platform, as a process has after a crash of the first. Closed with the lab. */
  reopen(): Promise<HypervisorDriver>
  /** A powered-off machine without marker, as a person makes it; gives its id. */
  machineByHand(name: string): Promise<string>
  /** A copy of a machine with everything that is in it, the data of the marker too; gives its id. */
  copyByHand(id: string, name: string): Promise<string>
  /** While on, creations that begin do not end. */
  holdCreations(on: boolean): Promise<void>
  /** The next call of this kind acts, and its answer is lost: it rejects. */
  loseNextAnswer(call: 'create' | 'power' | 'remove' | 'adopt' | 'release' | 'publish'): Promise<void>
  /** While on, the part of the platform where the machines are does not answer. */
  goBlind(on: boolean): Promise<void>
}

/** A rule of the contract of hypervisor drivers. */
export type HypervisorRule = ContractRule<HypervisorLab>
