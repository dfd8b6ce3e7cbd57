import type { Call, MachineNetwork, OwnedMachine } from '@vmunit/core'
import { guestValues } from '../creation/clone-spec.ts'
import { VmunitError } from '../errors.ts'
import { faultOf } from '../faults/fault-error.ts'
import type { VsphereSettings } from '../options.ts'
import { customizationElement, hostnameOf } from '../placement/guest-customization.ts'
import { machineReference } from '../properties/reference.ts'
import type { Perform } from '../tasks/perform.ts'
import { checkOwned, type ReadableMachine } from './check-owned.ts'
import type { MachineReader } from './machine-reader.ts'
import { reconfigure } from './reconfigure.ts'

/** Gives a machine these addresses. */
export type Readdress = (machine: OwnedMachine, networks: readonly MachineNetwork[], call?: Call) => Promise<void>

/** What readdressing needs. */
export interface ReaddressOptions {
  readonly perform: Perform
  readonly reader: MachineReader
  readonly settings: VsphereSettings
}

/** What vCenter put into a machine for its next start; without it, the machine can be customized anew. */
const PENDING = 'tools.deployPkg.fileName'

/** Makes {@link Readdress}. The guest learns its addresses when it starts, so the machine has to be off. */
export function createReaddress({ perform, reader, settings }: ReaddressOptions): Readdress {
  async function customize(machine: ReadableMachine, content: string, call: Call): Promise<void> {
    const { id, config } = machine
    const operationId = config.marker?.operationId
    const change = { method: 'CustomizeVM_Task', self: machineReference(id), content, operationId }
    try {
      await perform(change, call)
    } catch (error) {
      if (faultOf(error, 'CustomizationPending') === undefined) throw error
      await reconfigure(perform, { id, values: { [PENDING]: '' }, operationId }, call)
      await perform(change, call)
    }
  }

  return async (owned, networks, call = {}) => {
    const machine = checkOwned(await reader.read(owned.id, call.signal), owned)
    const { id, name, power, config } = machine
    const wanted = networks.flatMap(({ address }) => address ?? [])
    if (wanted.length > 0 && wanted.join() === config.givenAddresses.join()) return
    if (power !== 'off') {
      throw new VmunitError(
        'ERR_WRONG_STATE',
        `Machine ${name} (${id}) gets addresses only while it is off: shut it down.`,
        {
          details: { machine: id, power },
        },
      )
    }
    if (settings.customization !== false) {
      await customize(machine, customizationElement('spec', { hostname: hostnameOf(name), networks, settings }), call)
    }
    const { operationId } = owned.marker
    await reconfigure(perform, { id, values: guestValues(networks), operationId }, call)
  }
}
