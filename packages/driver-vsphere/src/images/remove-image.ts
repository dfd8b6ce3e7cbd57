import type { Call } from '@vmunit/core'
import { VmunitError } from '../errors.ts'
import { faultOf } from '../faults/fault-error.ts'
import type { Fleet } from '../machines/fleet.ts'
import { machineReference } from '../properties/reference.ts'
import type { Perform } from '../tasks/perform.ts'

/** What removing images needs. */
export interface ImageRemovalOptions {
  readonly perform: Perform
  readonly fleet: Fleet
  /** Clones of an image that are running now. */
  readonly runningClones: (image: string, call: Call) => Promise<readonly string[]>
}

/** Makes what removes a published image that nothing was made from, or is made from now. */
export function createImageRemoval({
  perform,
  fleet,
  runningClones,
}: ImageRemovalOptions): (image: string, call?: Call) => Promise<void> {
  return async (image, call = {}) => {
    // Clones before machines: one that is not running any more is among the machines.
    const running = await runningClones(image, call)
    const { machines, blind } = await fleet.all(call)
    const template = machines.find(({ id }) => id === image)
    if (template === undefined && blind.length === 0) return
    const unreadable = machines.filter(({ config }) => config === undefined)
    if (blind.length > 0 || unreadable.length > 0)
      throw cannotSee(image, [...blind, ...unreadable.map(({ name }) => name)])
    if (template?.config?.image === undefined || !template.config.isTemplate) throw notPublished(image)
    const users = machines.filter(({ config }) => config?.source === image).map(({ id }) => id)
    if (users.length > 0 || running.length > 0) throw inUse(image, [...users, ...running])
    try {
      const { operationId } = template.config.image
      await perform({ method: 'Destroy_Task', self: machineReference(image), operationId }, call)
    } catch (error) {
      if (faultOf(error, 'ManagedObjectNotFound') === undefined) throw error
    }
  }
}

function cannotSee(image: string, hidden: readonly string[]): VmunitError {
  const message = `Whether image ${image} is in use cannot be seen: ${hidden.join(', ')} cannot be read. Repeat it later.`
  return new VmunitError('ERR_UNAVAILABLE', message, { retryable: true, details: { image, hidden } })
}

function notPublished(image: string): VmunitError {
  const message = `${image} is no image that vmunit published, so it is not removed: whoever made it may remove it.`
  return new VmunitError('ERR_NOT_OWNED', message, { details: { image } })
}

function inUse(image: string, users: readonly string[]): VmunitError {
  const message = `Image ${image} is needed by ${users.length} machines or images made from it: remove those first.`
  return new VmunitError('ERR_CONFLICT', message, { details: { image, users: users.slice(0, 50) } })
}
