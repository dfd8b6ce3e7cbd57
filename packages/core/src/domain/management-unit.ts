import type { OperationId } from './marker.ts'
import type { LogicalStatus } from './server-status.ts'
import type { Slot } from './slot.ts'
import type { Tier } from './tier.ts'

/** The machine that a slot is bound to. Without an operation id it is somebody else's: bound, but not adopted. */
export interface BoundMachine {
  readonly id: string
  /** The operation that wrote our marker into it. */
  readonly operationId?: string | undefined
}

/** An address that an address pool has handed out, and under which id. */
export interface ReservedAddress {
  readonly address: string
  readonly id: OperationId
}

/** An address of what stands beside a server. */
export interface BesideAddress {
  /** Absent while it is being reserved. */
  readonly address?: string | undefined
  /** Under which id an address pool has handed it out; absent for one that is of no pool. */
  readonly id?: OperationId | undefined
  readonly network?: string | undefined
}

/** A machine beside a server; without an id while it is being made. */
export interface BesideMachine {
  readonly id?: string | undefined
  readonly operationId: OperationId
}

/**
 * What stands beside a server while its machine is replaced: the new machine until the server has it, then the old one;
 * both when one takes the place of the other, and the server is bound to neither in between. When no run works on the server, one that was stopped in between has left it.
 */
export interface Beside {
  readonly runId: string
  /** The name under which it may be in the pool of the server's tier; absent for what has no place there of its own. */
  readonly member?: string | undefined
  /** One as a rule; another when a group begins anew while that of the first attempt could not be put away. */
  readonly machines: readonly BesideMachine[]
  readonly addresses: readonly BesideAddress[]
}

/** A place in the fleet and what fills it now. */
export interface VirtualServer {
  readonly slot: Slot
  /** Management address: what the original calls the virtual server identifier. Unique over the whole manager. */
  readonly address: string
  readonly port: number
  readonly serviceAddress?: string | undefined
  readonly tierId: string
  readonly machine?: BoundMachine | undefined
  /** The version of the tier's template that the machine descends from, when it is known. */
  readonly templateVersion?: number | undefined
  /** The definition that was last reflected on it. */
  readonly definitionHash?: string | undefined
  readonly status: LogicalStatus
  /** Its name in the pool of its tier, where that is not the slot; see `poolNameOf`. */
  readonly member?: string | undefined
  /** Which of its addresses come from the address pool, and under which ids they are reserved there. */
  readonly reserved?: readonly ReservedAddress[] | undefined
  /** What stands beside it, or was left there. */
  readonly beside?: Beside | undefined
  /** Whether the balancer was last told to send it traffic; `none` while it has no place in a pool. */
  readonly traffic: 'in' | 'out' | 'none'
}

/** A person's note that a group is faulty. The manager never sets or clears it by itself. */
export interface FaultMark {
  readonly time: number
  readonly comment: string
}

/** A machine that failed and is kept, out of service, for inspection. */
export interface QuarantinedMachine {
  readonly machine: BoundMachine
  readonly slot: Slot
  readonly runId: string
  readonly reason: string
  readonly time: number
  /** What was collected of it before it was switched off, for `manager.archives.read`; absent when nothing could be. */
  readonly diagnostics?: string | undefined
}

/** Servers that are attached, detached, started, stopped, blocked and replaced together: the unit of counting. */
export interface ServerGroup {
  readonly name: string
  readonly unit: string
  readonly servers: readonly VirtualServer[]
  readonly mark?: FaultMark | undefined
  readonly quarantine: readonly QuarantinedMachine[]
}

/** One business: its tiers, its registered definition and its groups. */
export interface ManagementUnit {
  readonly name: string
  /** The principal who created it, or was made its owner. */
  readonly owner: string
  readonly description: string
  /** A key of `ManagerOptions.hypervisors`. */
  readonly hypervisor: string
  readonly tiers: readonly Tier[]
  /** Hash of the registered definition directory. */
  readonly definition?: string | undefined
  readonly groups: readonly ServerGroup[]
}

/** A unit as it is stored: its groups are documents of their own, so that a change to a server writes one group. */
export type UnitRecord = Omit<ManagementUnit, 'groups'>
