import type { Marker } from '../../domain/marker.ts'
import type { WorldEvent } from './event.ts'
import type { FaultRule } from './fault-rule.ts'
import type { PoolTruth } from './pool-truth.ts'

/** An image that a person makes. With template and version it stands in the catalogue, else outside. */
export interface AddedImage {
  readonly template?: string | undefined
  /** Default 1. */
  readonly version?: number | undefined
  /** Texts by absolute path; a text that begins with `#!` is executable. */
  readonly files?: Readonly<Record<string, string>> | undefined
}

/** A machine that a person makes: it bears no marker. */
export interface AddedMachine {
  readonly name: string
  readonly image: string
  readonly addresses: readonly string[]
  /** Default `off`. */
  readonly power?: 'on' | 'off' | undefined
  readonly failureDomain?: string | undefined
}

/** A machine as it really is, whatever the hypervisor shows. */
export interface MachineTruth {
  readonly id: string
  readonly name: string
  readonly image: string
  /** Image ids from the newest to the oldest: what it descends from. */
  readonly lineage: readonly string[]
  readonly power: 'on' | 'off'
  /** The marker that was written for this very machine. */
  readonly marker: Marker | undefined
  /** A marker that came with a copy and does not count. */
  readonly copiedMarker: Marker | undefined
  readonly creating: boolean
  readonly addresses: readonly string[]
  readonly failureDomain: string
  readonly services: readonly string[]
  readonly serving: boolean
  /** How many files it has, those of its image included. */
  readonly files: number
}

/** An image as it really is. */
export interface ImageTruth {
  readonly id: string
  readonly parent: string | undefined
  readonly template: string | undefined
  readonly version: number | undefined
  readonly operationId: string | undefined
  /** How many machines and images descend from it directly. */
  readonly users: number
}

/**
 * What a person with all the rights does by hand: the resource manager's script, and the eyes of a test.
 * The product itself never uses it.
 */
export interface WorldAdmin {
  /** Resolves to the id of the image. */
  addImage(image: AddedImage): Promise<string>
  /** Resolves to the id of the machine. */
  addMachine(machine: AddedMachine): Promise<string>
  /** Copies everything, the marker too, which does not count in the copy; the copy is off. Resolves to its id. */
  cloneMachine(id: string, as: { readonly name: string }): Promise<string>
  setPower(id: string, power: 'on' | 'off'): Promise<void>
  removeMachine(id: string): Promise<void>
  /** Makes the hypervisor say `unreadable` instead of the marker. */
  setMarkerReadable(id: string, readable: boolean): Promise<void>
  /** Sets how many connections a member has; they drop to 0 when its traffic is cut. */
  setConnections(pool: string, slot: string, connections: number): Promise<void>
  /** A text that begins with `#!` becomes executable. */
  writeFile(id: string, path: string, text: string): Promise<void>
  /** Undefined when there is no such file. */
  readFile(id: string, path: string): Promise<string | undefined>
  /** The paths of all files of a machine, ascending. */
  files(id: string): Promise<readonly string[]>
  machines(): Promise<readonly MachineTruth[]>
  images(): Promise<readonly ImageTruth[]>
  pools(): Promise<readonly PoolTruth[]>
  /** Replaces the fault rules. */
  faults(rules: readonly FaultRule[]): Promise<void>
  /** While true, creations stay in progress. */
  holdCreations(hold: boolean): Promise<void>
  /** Replaces the failure domains that do not answer: their machines are not listed and cannot be changed. */
  blind(parts: readonly string[]): Promise<void>
  /** The events with at least this `seq`. Default: all. */
  log(options?: { readonly from?: number | undefined }): Promise<readonly WorldEvent[]>
  /** Resolves when everything until now is in the world's file. */
  saved(): Promise<void>
}
