import { orAbort } from '../../internal/abort.ts'
import { systemClock } from '../../internal/system-clock.ts'
import { addressCalls } from './address-calls.ts'
import { adminCalls } from './admin-calls.ts'
import type { Backend } from './ask.ts'
import { balancerCalls } from './balancer-calls.ts'
import { guestCalls } from './guest-calls.ts'
import { hypervisorCalls } from './hypervisor-calls.ts'
import { imageCalls } from './image-calls.ts'
import { openWorld } from './open-world.ts'
import type { WorldOptions } from './options.ts'
import { createPerform } from './perform.ts'
import { createState } from './state.ts'
import type { World } from './world.ts'
import { openWorldFile } from './world-file.ts'

/**
 * Creates a world in this process; with a virtual clock, simulated hours take milliseconds.
 *
 * With a `file` it goes on where the last world with that file ended, as far as that one had written: a machine that was
 * being created is finished, a job that was running is unknown.
 *
 * @example
 * ```ts
 * import { createWorld } from '@vmunit/core/testing'
 *
 * const world = createWorld({ latencyMs: { create: 20 } })
 * const image = await world.admin.addImage({ template: 'web-base', files: { '/etc/motd': 'hello' } })
 * await world.admin.addMachine({ name: 'ap01', image, addresses: ['192.168.1.110'], power: 'on' })
 * ```
 */
export function createWorld(options: WorldOptions = {}): World {
  return openWorld(createBackend(options), 'manager')
}

/** The code of a world, without the ports. */
export function createBackend(options: WorldOptions): Backend {
  const { clock = systemClock, file, ...settings } = options
  const state = createState(clock, settings)
  const worldFile = file === undefined ? undefined : openWorldFile(state, file)
  const perform = createPerform(state, {
    ...hypervisorCalls(state),
    ...imageCalls(state),
    ...guestCalls(state),
    ...balancerCalls(state),
    ...addressCalls(state),
    ...adminCalls(state),
    'admin.saved': async () => await worldFile?.saved(),
  })
  const close = async (): Promise<void> => await worldFile?.close()
  return {
    limits: settings.limits,
    send: async (request, call) => {
      call?.signal?.throwIfAborted()
      call?.permit?.()
      return await orAbort(perform(request), call?.signal)
    },
    close,
    stop: close,
  }
}
