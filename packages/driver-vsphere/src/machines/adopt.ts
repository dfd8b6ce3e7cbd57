import type { Call, Marker, OwnedMachine } from '@vmunit/core'
import { sameMarker } from '@vmunit/core/marker'
import { faultOf } from '../faults/fault-error.ts'
import type { Perform } from '../tasks/perform.ts'
import { writeMarker } from './bound-json.ts'
import { checkReadable, notOwned, type ReadableMachine } from './check-owned.ts'
import { KEYS } from './keys.ts'
import type { MachineReader } from './machine-reader.ts'
import { reconfigure } from './reconfigure.ts'

/** Writes markers into machines and takes them out. */
export interface Adoption {
  adopt(id: string, marker: Marker, call?: Call): Promise<ReadableMachine>
  release(machine: OwnedMachine, call?: Call): Promise<void>
}

// Somebody else may change the same machine at the same moment; more often than that it is no coincidence.
const ATTEMPTS = 4

interface Written {
  readonly text: string
  readonly operationId: string
}

/** Makes {@link Adoption}. What was read and what is changed are the same version of the configuration. */
export function createAdoption(perform: Perform, reader: MachineReader): Adoption {
  /** Says whether it could be written: not when the configuration is no longer the one that was read. */
  async function write(machine: ReadableMachine, written: Written, call: Call): Promise<boolean> {
    const { id, config } = machine
    const values = { [KEYS.marker]: written.text }
    const { changeVersion } = config
    try {
      await reconfigure(perform, { id, values, changeVersion, operationId: written.operationId }, call)
      return true
    } catch (error) {
      if (faultOf(error, 'ConcurrentAccess') === undefined) throw error
      return false
    }
  }

  return {
    async adopt(id, marker, call = {}) {
      for (let attempt = 1; ; attempt += 1) {
        const machine = checkReadable(await reader.read(id, call.signal), id)
        const found = machine.config.marker
        if (sameMarker(found, marker)) return machine
        if (found !== undefined || attempt > ATTEMPTS) throw notOwned(machine, found)
        const text = writeMarker(marker, machine.config.instanceUuid)
        if (await write(machine, { text, operationId: marker.operationId }, call)) {
          return checkReadable(await reader.read(id, call.signal), id)
        }
      }
    },
    async release({ id, marker }, call = {}) {
      for (let attempt = 1; ; attempt += 1) {
        const facts = await reader.read(id, call.signal)
        if (facts === undefined || facts.config?.isTemplate === true) return
        const machine = checkReadable(facts, id)
        const found = machine.config.marker
        if (found === undefined) return
        if (!sameMarker(found, marker) || attempt > ATTEMPTS) throw notOwned(machine, found)
        if (await write(machine, { text: '', operationId: marker.operationId }, call)) return
      }
    },
  }
}
