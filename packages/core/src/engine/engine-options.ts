import type {
  AddressPool,
  Clock,
  GuestAccess,
  HypervisorDriver,
  LoadBalancer,
  Logger,
  Operation,
  StateStore,
} from '../ports/index.ts'
import type { Limiter } from './limiter.ts'
import type { Timing } from './timing.ts'
import type { UnitBalancers } from './unit-balancers.ts'

/** Everything that runs share within one manager. */
export interface EngineOptions {
  /** The id of the manager, as it stands in markers. */
  readonly manager: string
  /** Names this process, for people who find a run locked. */
  readonly owner: string
  readonly store: StateStore
  readonly hypervisors: Readonly<Record<string, HypervisorDriver>>
  readonly balancers: Readonly<Record<string, LoadBalancer>>
  /** Absent: balancers of units cannot be used. */
  readonly unitBalancers?: UnitBalancers | undefined
  /** Absent: nothing that needs addresses of a pool can be done. */
  readonly addresses?: AddressPool | undefined
  readonly guests: GuestAccess
  readonly clock: Clock
  /** Absent: nothing is logged; the journals say everything about runs. */
  readonly logger?: Logger | undefined
  readonly timing: Timing
  /** By name and version: `applyTemplate@1`. */
  readonly operations: ReadonlyMap<string, Operation>
  /** One for each hypervisor, shared by all runs. */
  readonly limiters: ReadonlyMap<string, Limiter>
  /** How many steps one run may have in flight. */
  readonly maxStepsInFlight: number
}
