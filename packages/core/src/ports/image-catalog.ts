import type { OperationId } from '../domain/marker.ts'
import type { Observed } from '../domain/observed.ts'
import type { Call } from './call.ts'
import type { OwnedMachine } from './owned-machine.ts'

/** Names a published image: a version of a template, and the operation that published it. */
export interface ImageVersion {
  readonly template: string
  readonly version: number
  readonly operationId: OperationId
}

export interface PublishedImage extends ImageVersion {
  /** The platform's id. */
  readonly image: string
}

/** Golden images. */
export interface ImageCatalog {
  /** Every published version of a template, ascending. An unknown template has none. */
  list(template: string, call?: Call): Promise<readonly PublishedImage[]>
  /** Looks for the effect of `publish`, also while it is running; the value is the image. */
  published(as: ImageVersion, call?: Call): Promise<Observed<string>>
  /**
   * Turns a powered-off machine of ours into an image and consumes it. Idempotent by operation id, also when the
   * machine is consumed already; never leaves half a version. A version that another operation published is `ERR_CONFLICT`.
   */
  publish(machine: OwnedMachine, as: ImageVersion, call?: Call): Promise<string>
  /** Refused with `ERR_CONFLICT` while a machine needs it. An image that is gone already is success. */
  remove(image: string, call?: Call): Promise<void>
}
