import type { Call, OwnedMachine } from '@vmunit/core'
import { faultOf } from '../faults/fault-error.ts'
import { machineReference } from '../properties/reference.ts'
import type { Perform } from '../tasks/perform.ts'
import { checkOwned } from './check-owned.ts'
import type { MachineReader } from './machine-reader.ts'
import type { SwitchPower } from './power.ts'

/** What removing machines needs. */
export interface RemovalOptions {
  readonly perform: Perform
  readonly reader: MachineReader
  readonly power: SwitchPower
}

/** Makes what removes a machine with its disks, switching it off first. One that is gone, or is a template now, is success. */
export function createRemoval({
  perform,
  reader,
  power,
}: RemovalOptions): (machine: OwnedMachine, call?: Call) => Promise<void> {
  return async (machine, call = {}) => {
    const facts = await reader.read(machine.id, call.signal)
    if (facts === undefined || facts.config?.isTemplate === true) return
    const { operationId } = machine.marker
    try {
      if (checkOwned(facts, machine).power !== 'off') await power(machine, 'off', call)
      await perform({ method: 'Destroy_Task', self: machineReference(machine.id), operationId }, call)
    } catch (error) {
      if (faultOf(error, 'ManagedObjectNotFound') === undefined) throw error
    }
  }
}
