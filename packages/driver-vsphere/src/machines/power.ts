import type { Call, OwnedMachine } from '@vmunit/core'
import { VmunitError } from '../errors.ts'
import { faultOf } from '../faults/fault-error.ts'
import { machineReference } from '../properties/reference.ts'
import type { Session } from '../session/session.ts'
import type { Perform } from '../tasks/perform.ts'
import { sendChange } from '../tasks/send-change.ts'
import type { UpdateStream } from '../updates/update-stream.ts'
import type { Watched } from '../updates/watches.ts'
import { checkOwned } from './check-owned.ts'
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
  async function isReached(machine: OwnedMachine, to: string, signal: AbortSignal | undefined): Promise<boolean> {
    const { power } = checkOwned(await reader.read(machine.id, signal), machine)
    return power === (to === 'on' ? 'on' : 'off')
  }

  async function shutdown({ id, marker }: OwnedMachine, call: Call): Promise<void> {
    const self = machineReference(id)
    const change = { method: 'ShutdownGuest', self, operationId: marker.operationId }
    await stream.begin(() => sendChange(session, change, call))
    await stream.until(self, (seen) => isOff(seen, id), call.signal)
  }

  return async (machine, to, call = {}) => {
    const { signal } = call
    if (await isReached(machine, to, signal)) return
    const { id, marker } = machine
    const method = to === 'on' ? 'PowerOnVM_Task' : 'PowerOffVM_Task'
    try {
      if (to === 'shutdown') await shutdown(machine, call)
      else await perform({ method, self: machineReference(id), operationId: marker.operationId }, call)
    } catch (error) {
      const isRefused = faultOf(error, 'InvalidPowerState') !== undefined
      if (!isRefused || !(await isReached(machine, to, signal))) throw error
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
