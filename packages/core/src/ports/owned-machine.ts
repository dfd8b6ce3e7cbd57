import type { Marker } from '../domain/marker.ts'

/** Platforms reuse ids, so a change names the marker it expects; the driver reads it again first: `ERR_NOT_OWNED`. */
export interface OwnedMachine {
  readonly id: string
  readonly marker: Marker
}
