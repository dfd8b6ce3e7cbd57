import type { Marker, OperationId } from '../../domain/marker.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Machine } from '../../ports/hypervisor-driver.ts'
import type { ImageVersion } from '../../ports/image-catalog.ts'
import type { Pool } from '../../ports/load-balancer.ts'
import { createEventLog, type EventLog } from './event-log.ts'
import type { ActiveFault } from './faults.ts'
import { type Blobs, createBlobs, type FileLayer } from './files.ts'
import { createGate, type Gate } from './gate.ts'
import type { WorldLatency, WorldSettings } from './options.ts'
import type { RunningProcess } from './process.ts'

/** A marker as the platform keeps it: with the machine it was written for, which a copy does not change. */
export interface BoundMarker {
  readonly marker: Marker
  readonly machine: string
}

/** A machine as it really is. */
export interface MachineRecord {
  readonly id: string
  readonly name: string
  readonly image: string
  readonly failureDomain: string
  readonly hostKey: string
  readonly files: FileLayer
  readonly services: Set<string>
  /** What runs in it now; dies with the power. */
  readonly processes: Set<RunningProcess>
  readonly jobs: Map<OperationId, RunningProcess>
  addresses: readonly string[]
  power: 'on' | 'off'
  creating: boolean
  marker: BoundMarker | undefined
  markerReadable: boolean
  boots: number
  serving: boolean
}

/** An image as it really is. */
export interface ImageRecord {
  readonly id: string
  readonly parent: string | undefined
  readonly version: ImageVersion | undefined
  readonly files: FileLayer
  /** How many machines and images descend from it directly. */
  users: number
}

/** A member of a pool as it really is. */
export interface MemberRecord {
  readonly slot: string
  address: string
  port: number
  traffic: 'in' | 'drain' | 'out'
  connections: number
}

/** A pool as it really is. */
export interface PoolRecord {
  pool: Pool
  readonly members: Map<string, MemberRecord>
}

/** Who has an address of the pool, or had it. */
export interface ReservationRecord {
  readonly network: string
  readonly id: OperationId
  /** Since when it rests, by the world's clock; absent: it is in use. */
  readonly time?: number | undefined
}

/** The whole truth of a world, with the indexes that keep every call cheap. */
export interface WorldState {
  readonly clock: Clock
  readonly settings: WorldSettings
  readonly log: EventLog
  readonly blobs: Blobs
  readonly machines: Map<string, MachineRecord>
  /** Machine ids by name. */
  readonly names: Map<string, string>
  /** Machine ids by the operation that created them. */
  readonly creations: Map<OperationId, string>
  /** Ids of the machines that are on, by address. */
  readonly addresses: Map<string, string>
  readonly images: Map<string, ImageRecord>
  /** Image ids by the operation that published them. */
  readonly publications: Map<OperationId, string>
  /** Operation ids by `template:version`. */
  readonly versions: Map<string, OperationId>
  readonly pools: Map<string, PoolRecord>
  readonly membersByAddress: Map<string, Set<MemberRecord>>
  /** What the address pool has handed out and what rests, by address. */
  readonly reservations: Map<string, ReservationRecord>
  readonly blind: Set<string>
  faults: ActiveFault[]
  readonly creationGate: Gate
  machineCount: number
  imageCount: number
}

/** An empty world. */
export function createState(clock: Clock, settings: WorldSettings): WorldState {
  return {
    clock,
    settings,
    log: createEventLog(clock),
    blobs: createBlobs(),
    machines: new Map(),
    names: new Map(),
    creations: new Map(),
    addresses: new Map(),
    images: new Map(),
    publications: new Map(),
    versions: new Map(),
    pools: new Map(),
    membersByAddress: new Map(),
    reservations: new Map(),
    blind: new Set(),
    faults: [],
    creationGate: createGate(),
    machineCount: 0,
    imageCount: 0,
  }
}

/** The marker that counts: one that was written for this very machine. */
export function ownMarker(machine: MachineRecord): Marker | undefined {
  return machine.marker?.machine === machine.id ? machine.marker.marker : undefined
}

/** Whether the platform shows a machine's marker now. */
export function showsMarker(state: WorldState, machine: MachineRecord): boolean {
  const hidden = machine.creating && (state.settings.hideMarkerWhileCreating ?? true)
  return machine.markerReadable && !hidden
}

/** A machine as the hypervisor shows it. */
export function viewOf(state: WorldState, machine: MachineRecord): Machine {
  const marker = ownMarker(machine) ?? 'none'
  return {
    id: machine.id,
    name: machine.name,
    power: machine.power,
    marker: showsMarker(state, machine) ? marker : 'unreadable',
    addresses: machine.addresses,
    image: machine.image,
    failureDomain: machine.failureDomain,
    ...(machine.power === 'on' ? { hostKeys: [machine.hostKey] } : {}),
  }
}

/** Lets the time pass that the platform takes for something. */
export async function takeTime(state: WorldState, what: keyof WorldLatency): Promise<void> {
  const ms = state.settings.latencyMs?.[what] ?? 0
  if (ms > 0) await state.clock.sleep(ms)
}
