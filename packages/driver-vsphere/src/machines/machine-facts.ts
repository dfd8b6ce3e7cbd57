import type { Marker } from '@vmunit/core'
import type { ImageMark } from './bound-json.ts'

/** What the driver knows of a machine or template. */
export interface MachineFacts {
  readonly id: string
  readonly name: string
  readonly power: 'on' | 'off' | 'suspended' | 'unknown'
  /** Whether its host answers. */
  readonly isConnected: boolean
  /** Absent while its configuration cannot be read: while it is made, or its host is lost. */
  readonly config: MachineConfig | undefined
  readonly host: string | undefined
  readonly guestAddresses: readonly string[]
}

/** What stands in the configuration of a machine. */
export interface MachineConfig {
  readonly instanceUuid: string
  /** Changes whenever the configuration does; only where one machine was read. */
  readonly changeVersion: string | undefined
  readonly isTemplate: boolean
  /** The marker that counts. */
  readonly marker: Marker | undefined
  /** A marker that was written for another machine: this one is a copy, or the platform gave it another id. */
  readonly copiedMarker: (Marker & { readonly instanceUuid: string }) | undefined
  readonly image: ImageMark | undefined
  readonly source: string | undefined
  /** Addresses that were given to it, whether it is on or not. */
  readonly givenAddresses: readonly string[]
  readonly hostKeys: readonly string[]
  /** What {@link hostKeys} were when it was last shut down: a guest that is off publishes none. */
  readonly keptHostKeys: readonly string[]
  /** Host keys of the image it was made from: a guest that shows one of them was not made anew. */
  readonly imageHostKeys: readonly string[]
}
