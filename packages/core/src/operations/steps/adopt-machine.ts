import * as z from 'zod'
import { sameMarker } from '../../domain/marker.ts'
import type { StepKind } from '../../ports/index.ts'
import { findMachine } from './find-machine.ts'
import { serverKey } from './schemas.ts'
import { type ServerKey, updateServer } from './server-documents.ts'

export interface AdoptMachineInput extends ServerKey {
  readonly hypervisor: string
  readonly id: string
}

export interface AdoptedMachine {
  readonly machine: { readonly id: string; readonly operationId: string }
}

const input = z.object({ hypervisor: z.string(), ...serverKey, id: z.string() })

const output = z.object({ machine: z.object({ id: z.string(), operationId: z.string() }) })

/** Writes our marker into a machine that a person made, and binds the server to it. */
export const adoptMachine: StepKind<AdoptMachineInput, AdoptedMachine> = {
  name: 'machine.adopt',
  version: 1,
  input,
  output,
  async observe({ hypervisor, unit, slot, id }, context) {
    const { operationId, manager } = context
    const found = await findMachine(context.hypervisor(hypervisor), id, context)
    if (found.state !== 'done') return found
    const { marker } = found.value
    const isOurs = sameMarker(marker, { manager, unit, slot, operationId })
    return isOurs ? { state: 'done', value: { machine: { id, operationId } } } : { state: 'absent' }
  },
  async act({ hypervisor, unit, slot, id }, context) {
    const { operationId, manager } = context
    await context.hypervisor(hypervisor).adopt(id, { manager, unit, slot, operationId }, context)
    return { machine: { id, operationId } }
  },
  records(step, moment) {
    if (moment.type !== 'done') return []
    return [updateServer(step, (server) => ({ ...server, machine: moment.output.machine }))]
  },
}
