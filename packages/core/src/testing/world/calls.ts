import type { Marker, OperationId } from '../../domain/marker.ts'
import type { Observed } from '../../domain/observed.ts'
import type { Command, ExecResult, GuestTarget } from '../../ports/guest-access.ts'
import type {
  CreateMachine,
  Inventory,
  InventoryScope,
  Machine,
  MachineNetwork,
} from '../../ports/hypervisor-driver.ts'
import type { ImageVersion, PublishedImage } from '../../ports/image-catalog.ts'
import type { Pool, PoolMember } from '../../ports/load-balancer.ts'
import type { OwnedMachine } from '../../ports/owned-machine.ts'
import type { TreeFile } from '../../ports/tree.ts'
import type { AddedImage, AddedMachine, ImageTruth, MachineTruth } from './admin.ts'
import type { WorldEvent } from './event.ts'
import type { FaultRule } from './fault-rule.ts'
import type { PoolTruth } from './pool-truth.ts'

/** A member as `ensureMember` takes it. */
export interface NewMember {
  readonly slot: string
  readonly address: string
  readonly port: number
}

/** A tree on its way into a guest: the bytes are those that the guest said it lacks, by hash. */
export interface PushedTree {
  readonly hash: string
  readonly files: readonly TreeFile[]
  readonly bytes: Readonly<Record<string, Uint8Array>>
}

/**
 * Everything that can be asked of a world, by the name that its log and fault rules use. Arguments and results are JSON
 * plus byte arrays, so the same call works in process and over a socket.
 */
export interface WorldCalls {
  'hypervisor.inventory': (scope: InventoryScope) => Inventory
  'hypervisor.created': (spec: CreateMachine) => Observed<Machine>
  'hypervisor.create': (spec: CreateMachine) => Promise<Machine>
  'hypervisor.adopt': (id: string, marker: Marker) => Machine
  'hypervisor.release': (machine: OwnedMachine) => void
  'hypervisor.power': (machine: OwnedMachine, to: 'on' | 'off' | 'shutdown') => void
  'hypervisor.remove': (machine: OwnedMachine) => void
  'hypervisor.readdress': (machine: OwnedMachine, networks: readonly MachineNetwork[]) => void
  'hypervisor.diagnostics': (machine: OwnedMachine) => Uint8Array
  'hypervisor.images.list': (template: string) => readonly PublishedImage[]
  'hypervisor.images.published': (as: ImageVersion) => Observed<string>
  'hypervisor.images.publish': (machine: OwnedMachine, as: ImageVersion) => Promise<string>
  'hypervisor.images.remove': (image: string) => void
  'guests.open': (target: GuestTarget) => void
  'guests.exec': (target: GuestTarget, command: Command) => Promise<ExecResult>
  'guests.startJob': (target: GuestTarget, id: OperationId, command: Command) => void
  'guests.job': (target: GuestTarget, id: OperationId) => Observed<ExecResult>
  'guests.stopJob': (target: GuestTarget, id: OperationId) => Promise<void>
  /** The hashes of a tree that the guest does not have at `to`. */
  'guests.missing': (target: GuestTarget, to: string, files: readonly TreeFile[]) => readonly string[]
  'guests.push': (target: GuestTarget, to: string, tree: PushedTree) => string
  'guests.pushed': (target: GuestTarget, to: string) => string | undefined
  'guests.pull': (target: GuestTarget, paths: readonly string[], maxBytes: number) => Uint8Array
  'guests.bootId': (target: GuestTarget) => string
  'balancer.ensurePool': (pool: Pool) => void
  'balancer.removePool': (pool: string) => void
  'balancer.ensureMember': (pool: string, member: NewMember) => void
  'balancer.removeMember': (pool: string, slot: string) => void
  'balancer.traffic': (pool: string, slot: string, to: 'in' | 'drain' | 'out') => void
  'balancer.members': (pool: string) => readonly PoolMember[]
  'addresses.reserve': (network: string, id: OperationId) => string
  'addresses.release': (address: string, id: OperationId) => void
  'admin.addImage': (image: AddedImage) => string
  'admin.addMachine': (machine: AddedMachine) => string
  'admin.cloneMachine': (id: string, name: string) => string
  'admin.setPower': (id: string, power: 'on' | 'off') => void
  'admin.removeMachine': (id: string) => void
  'admin.setMarkerReadable': (id: string, readable: boolean) => void
  'admin.setConnections': (pool: string, slot: string, connections: number) => void
  'admin.writeFile': (id: string, path: string, text: string) => void
  'admin.readFile': (id: string, path: string) => string | undefined
  'admin.files': (id: string) => readonly string[]
  'admin.machines': () => readonly MachineTruth[]
  'admin.images': () => readonly ImageTruth[]
  'admin.pools': () => readonly PoolTruth[]
  'admin.faults': (rules: readonly FaultRule[]) => void
  'admin.holdCreations': (hold: boolean) => void
  'admin.blind': (parts: readonly string[]) => void
  'admin.log': (from: number) => readonly WorldEvent[]
  'admin.saved': () => Promise<void>
}

/** The name of a call. */
export type WorldMethod = keyof WorldCalls

/** The code behind some of the calls; a throw is the answer of a call that failed. */
export type Handlers<Methods extends WorldMethod> = { readonly [M in Methods]: WorldCalls[M] }
