import type { Principal } from '../domain/principal.ts'
import type { Timing } from '../engine/timing.ts'
import type {
  AddressPool,
  Authenticator,
  BalancerConnector,
  Clock,
  GuestAccess,
  HypervisorDriver,
  LoadBalancer,
  Logger,
  Operation,
  StateStore,
} from '../ports/index.ts'
import type { AuditScope } from './audit/audited.ts'

/** What is persisted (`unit.hypervisor`, `tier.balancer`) are keys of these records. */
export interface ManagerOptions {
  /** The manager's id, as it stands in the markers of its machines and in its store. Default `vmunit`. */
  readonly id?: string | undefined
  readonly hypervisors: Readonly<Record<string, HypervisorDriver>>
  readonly balancers?: Readonly<Record<string, LoadBalancer>> | undefined
  /** Opens the load balancers that definition directories bring with them (`lb.use=:unit:`); absent: those are refused. */
  readonly connectBalancer?: BalancerConnector | undefined
  /** Hands out the addresses of replacements that are made beside servers, by the names of the tiers' networks. */
  readonly addresses?: AddressPool | undefined
  readonly guests: GuestAccess
  readonly store: StateStore
  readonly principal: Principal
  /** Your own, beside the built-in ones, which are always there. */
  readonly operations?: readonly Operation[] | undefined
  readonly timing?: Partial<Timing> | undefined
  readonly clock?: Clock | undefined
  /** For the people who run the manager: which runs begin, who moves them, how they end. Default: nothing. */
  readonly logger?: Logger | undefined
  /** How many steps one run may have in flight. Default 64. */
  readonly maxStepsInFlight?: number | undefined
  /** The name of the administrator's account. Default `admin`. */
  readonly administrator?: string | undefined
  /** An external directory that knows people and their rights; then no accounts are kept here. */
  readonly authenticator?: Authenticator | undefined
  /** How short a password may be. Default 8; those of the manual's examples need 5. */
  readonly minPasswordLength?: number | undefined
  /** How many units there may be. Default 1,000. */
  readonly maxUnits?: number | undefined
  /**
   * Which calls that are no runs are written down, with who called and how it ended, to be read by `Manager.audit`: those
   * that change something, or everything. Default: none. Runs are always written down.
   */
  readonly audit?: AuditScope | undefined
}
