import type { Call, OwnedMachine } from '@vmunit/core'
import { VmunitError } from '../errors.ts'
import { faultOf } from '../faults/fault-error.ts'
import { machineReference } from '../properties/reference.ts'
import type { Session } from '../session/session.ts'
import type { Perform } from '../tasks/perform.ts'
import { sendChange } from '../tasks/send-change.ts'
import type { UpdateStream } from '../updates/update-stream.ts'
import type { Watched } from '../updates/watches.ts'
import { checkOwned, type ReadableMachine } from './check-owned.ts'
import { keepHostKeys } from './keep-host-keys.ts'
import type { MachineReader } from './machine-reader.ts'

/** What switching machines needs. */
export interface PowerOptions {
  readonly session: Session
  readonly stream: UpdateStream
  readonly perform: Perform
  readonly reader: MachineReader
}

/** Switches a machine. */
export type SwitchPower = (machine: OwnedMachine, to: 'on' | 'off' | 'shutdown', call?: Call) => Promise<void>

/** Switches machines; a state that is reached already, or by somebody else meanwhile, is success. */
export function createPower({ session, stream, perform, reader }: PowerOptions): SwitchPower {
  async function look(machine: OwnedMachine, signal: AbortSignal | undefined): Promise<ReadableMachine> {
    return checkOwned(await reader.read(machine.id, signal), machine)
  }

  async function shutdown(machine: ReadableMachine, call: Call): Promise<void> {
    const { id, config } = machine
    const self = machineReference(id)
    await keepHostKeys(perform, machine, call)
    const change = { method: 'ShutdownGuest', self, operationId: config.marker?.operationId }
    await stream.begin(() => sendChange(session, change, call))
    await stream.until(self, (seen) => isOff(seen, id), call.signal)
  }

  return async (machine, to, call = {}) => {
    const { signal } = call
    const wanted = to === 'on' ? 'on' : 'off'
    const found = await look(machine, signal)
    if (found.power === wanted) return
    const { id, marker } = machine
    const method = to === 'on' ? 'PowerOnVM_Task' : 'PowerOffVM_Task'
    try {
      if (to === 'shutdown') await shutdown(found, call)
      else await perform({ method, self: machineReference(id), operationId: marker.operationId }, call)
    } catch (error) {
      const isRefused = faultOf(error, 'InvalidPowerState') !== undefined
      if (!isRefused || (await look(machine, signal)).power !== wanted) throw error
    }
  }
}

function isOff(seen: Watched, id: string): true | undefined {
  if (seen === undefined) {
    throw new VmunitError('ERR_NOT_FOUND', `Machine ${id} went while its guest was shut down.`, {
      details: { machine: id },
    })
  }
  return seen.get('runtime.powerState')?.text === 'poweredOff' ? true : undefined
}
