import type { Call } from '@vmunit/core'
import type { Perform } from '../tasks/perform.ts'
import { writeHostKeys } from './bound-json.ts'
import type { ReadableMachine } from './check-owned.ts'
import { KEYS } from './keys.ts'
import { reconfigure } from './reconfigure.ts'

/**
 * Copies the host keys that a guest published to where they outlast it: ESXi forgets what a guest publishes as soon as
 * the machine is off, and an image has to name the keys that its clones may not show.
 */
export async function keepHostKeys(perform: Perform, { id, config }: ReadableMachine, call: Call): Promise<void> {
  const { hostKeys, keptHostKeys, instanceUuid, marker } = config
  if (hostKeys.length === 0 || hostKeys.join() === keptHostKeys.join()) return
  const values = { [KEYS.keptHostKeys]: writeHostKeys(hostKeys, instanceUuid) }
  await reconfigure(perform, { id, values, operationId: marker?.operationId }, call)
}
