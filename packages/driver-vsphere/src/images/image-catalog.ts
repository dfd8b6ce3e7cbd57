import type { ImageCatalog } from '@vmunit/core'
import { createSharedWork, type SharedCall } from '../creation/shared-work.ts'
import { findVersion, observed, versionsOf } from './find-version.ts'
import { createPublish, type PublishOptions } from './publish.ts'
import { createImageRemoval, type ImageRemovalOptions } from './remove-image.ts'

/** The templates of an endpoint as a catalogue of images. */
export function createImageCatalog(options: PublishOptions & ImageRemovalOptions): ImageCatalog {
  const { fleet } = options
  const publish = createPublish(options)
  const shared = createSharedWork<string>()
  const running = new Set<string>()

  return {
    async list(template, call = {}) {
      return versionsOf((await fleet.all(call)).machines, template)
    },
    async published(as, call = {}) {
      const { machines, blind } = await fleet.all(call)
      const found = observed(findVersion(machines, as), blind)
      const isRunning = found.state !== 'done' && running.has(as.operationId)
      return isRunning ? { state: 'busy', detail: `${as.operationId} is being published` } : found
    },
    async publish(machine, as, call = {}) {
      const { operationId } = as
      const begin = async (together: SharedCall): Promise<string> => {
        running.add(operationId)
        try {
          return await publish(machine, as, together)
        } finally {
          running.delete(operationId)
        }
      }
      return await shared.join(operationId, begin, call)
    },
    remove: createImageRemoval(options),
  }
}
