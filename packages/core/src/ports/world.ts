import type { Definition } from '../domain/definition.ts'
import type { ManagementUnit } from '../domain/management-unit.ts'
import type { OperationId } from '../domain/marker.ts'
import type { Principal } from '../domain/principal.ts'
import type { Template } from '../domain/template.ts'
import type { Machine } from './hypervisor-driver.ts'
import type { PoolMember } from './load-balancer.ts'

/** An address that is handed out by an address pool, or rests there. */
export interface AddressReservation {
  /** Under which id it was handed out. */
  readonly id: OperationId
  /** Until when it rests, milliseconds since 1970; absent: it is in use. */
  readonly until?: number | undefined
}

/** A tier of a unit, and the servers of it that are made from a version of its template. */
export interface TemplateUse {
  readonly unit: string
  readonly servers: readonly { readonly address: string; readonly version: number }[]
}

/** One look at everything a plan may depend on; planning is pure over it. */
export interface World {
  /** The id of the manager, as it stands in markers. */
  readonly manager: string
  readonly principal: Principal
  /** The names that `ManagerOptions.balancers` and `hypervisors` were given; `:unit:` when it can connect to those of units. */
  readonly balancers: ReadonlySet<string>
  readonly hypervisors: ReadonlySet<string>
  /** Whether the manager was given a pool of addresses. */
  readonly hasAddressPool?: boolean | undefined
  /** The units that the principal may work on, by name. */
  readonly units: ReadonlyMap<string, ManagementUnit>
  /** Every address in use over the whole manager, with the slot and unit that has it. */
  readonly addresses: ReadonlyMap<string, { readonly unit: string; readonly slot: string }>
  /** Addresses that cannot be given to a server now, because a pool in the store has handed them out or lets them rest. */
  readonly reserved?: ReadonlyMap<string, AddressReservation> | undefined
  /** Every machine that a server is bound to, over the whole manager, by `<hypervisor>/<machine id>`. */
  readonly bindings: ReadonlyMap<string, { readonly unit: string; readonly slot: string }>
  readonly templates: ReadonlyMap<string, Template>
  /** Every tier that servers are made for, over the whole manager, by the name of its template. */
  readonly templateUses: ReadonlyMap<string, readonly TemplateUse[]>
  readonly definitions: ReadonlyMap<string, Definition>
  /** By hypervisor name and machine id. */
  readonly machines: ReadonlyMap<string, ReadonlyMap<string, Machine>>
  /** Parts of a hypervisor that did not answer, by hypervisor name. */
  readonly blind: ReadonlyMap<string, readonly string[]>
  /** By `<balancer>/<pool>`. */
  readonly members: ReadonlyMap<string, readonly PoolMember[]>
}
