import type { Marker, OperationId } from '../domain/marker.ts'
import type { Observed } from '../domain/observed.ts'
import type { Plain } from '../domain/plain.ts'
import type { Call, Closeable } from './call.ts'
import type { ImageCatalog } from './image-catalog.ts'
import type { OwnedMachine } from './owned-machine.ts'

export interface Machine {
  readonly id: string
  /** A label, never an identity. */
  readonly name: string
  readonly power: 'on' | 'off' | 'suspended' | 'unknown'
  /** `unreadable` while it is being created or its host is lost: then it is neither ours nor foreign. */
  readonly marker: Marker | 'none' | 'unreadable'
  readonly addresses: readonly string[]
  readonly image?: string | undefined
  readonly failureDomain?: string | undefined
  /** Public SSH host keys that the platform vouches for, as `algorithm base64`. */
  readonly hostKeys?: readonly string[] | undefined
  /** Host keys of the image that it was made from: a guest that shows one of them was not given its own. */
  readonly imageHostKeys?: readonly string[] | undefined
}

/** `blind` names the parts that did not answer: while it is not empty, a machine not listed is unknown, not absent. */
export interface Inventory {
  readonly machines: readonly Machine[]
  readonly blind: readonly string[]
}

/** Which machines to list: all, those marked for a unit, or these ids. An id that does not exist is left out. */
export interface InventoryScope {
  readonly unit?: string | undefined
  readonly ids?: readonly string[] | undefined
}

export interface MachineNetwork {
  readonly name: string
  readonly address?: string | undefined
}

export interface CreateMachine {
  /** Its operation id is the key by which creation is idempotent. */
  readonly marker: Marker
  /** Unique, derived from the operation id: a creation in progress is found by it before its marker can be read. */
  readonly name: string
  readonly image: string
  readonly networks: readonly MachineNetwork[]
  /** Host name, host keys, user data: what the platform hands to the guest. */
  readonly guest?: Plain
  /** Host, datastore, zone …: platform-specific, validated by the driver. */
  readonly placement?: Plain
  /**
   * Where the machine is wanted, as `Machine.failureDomain` tells it: the place of the one that it replaces. A wish: a
   * driver that cannot choose, or has no room there, makes it elsewhere; `placement` comes first.
   */
  readonly failureDomain?: string | undefined
}

export type LimitedAction = 'create' | 'power' | 'remove' | 'publish'

/** What an action occupies of something that has a limit: a host, a datastore, the endpoint. */
export interface LimitCost {
  readonly resource: string
  readonly units: number
  readonly capacity: number
}

/**
 * What every hypervisor must do. A facet that is present is the capability; there are no flags.
 *
 * Every mutating call is idempotent by operation id or by the state it aims at, resolves when the platform has
 * finished, and after an error may be repeated with the same arguments.
 */
export interface HypervisorDriver extends Closeable {
  /** `vsphere`, `simulator` …; for people. */
  readonly kind: string
  readonly images: ImageCatalog
  inventory(scope: InventoryScope, call?: Call): Promise<Inventory>
  /** Looks for the effect of `create`, also among creations still running (tasks, reserved names, client tokens). */
  created(spec: CreateMachine, call?: Call): Promise<Observed<Machine>>
  /** Resolves powered off, marker readable. The same operation id twice gives the same machine, never two. */
  create(spec: CreateMachine, call?: Call): Promise<Machine>
  /** Writes our marker into a machine that a person made. Refused with `ERR_NOT_OWNED` when it bears another one. */
  adopt(id: string, marker: Marker, call?: Call): Promise<Machine>
  /** Takes our marker out again, so that the machine is nobody's. A machine without marker is success. */
  release(machine: OwnedMachine, call?: Call): Promise<void>
  /** Reaching a state already reached is success. `shutdown` asks the guest and resolves when the machine is off. */
  power(machine: OwnedMachine, to: 'on' | 'off' | 'shutdown', call?: Call): Promise<void>
  /** A machine that is gone already is success; one with another marker is `ERR_NOT_OWNED`. */
  remove(machine: OwnedMachine, call?: Call): Promise<void>
  /** Push instead of polling. */
  readonly changes?: { watch(call: Call): AsyncIterable<Machine> } | undefined
  /** Re-addresses an existing machine; needed for `addresses: 'keep'` with surge. */
  readonly readdress?:
    | { set(machine: OwnedMachine, networks: readonly MachineNetwork[], call?: Call): Promise<void> }
    | undefined
  readonly snapshots?:
    | {
        create(machine: OwnedMachine, id: OperationId, call?: Call): Promise<string>
        revert(machine: OwnedMachine, snapshot: string, call?: Call): Promise<void>
      }
    | undefined
  /** What an action occupies; the engine never exceeds a capacity, and the plan shows it. */
  readonly limits?: { cost(action: LimitedAction, placement: Plain): readonly LimitCost[] } | undefined
  /** A bundle for inspection: console log, events, screenshots, as the platform has them. */
  readonly diagnostics?: { collect(machine: OwnedMachine, call?: Call): AsyncIterable<Uint8Array> } | undefined
}
