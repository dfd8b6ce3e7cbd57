import * as z from 'zod'
import type { StepKind } from '../../ports/index.ts'
import { findMachine } from './find-machine.ts'
import { machineInput, nothing } from './schemas.ts'
import { ownedMachine } from './server-documents.ts'

const input = z.object(machineInput)
type Input = z.infer<typeof input>

/** Deletes a machine of ours; it is switched off first. */
export const removeMachine: StepKind<Input, Record<string, never>> = {
  name: 'machine.remove',
  version: 1,
  input,
  output: nothing,
  async observe(step, context) {
    const found = await findMachine(context.hypervisor(step.hypervisor), step.machine.id, context)
    if (found.state === 'absent') return { state: 'done', value: {} }
    return found.state === 'done' ? { state: 'partial', detail: 'the machine is still there' } : found
  },
  async act(step, context) {
    const hypervisor = context.hypervisor(step.hypervisor)
    const machine = ownedMachine({ ...step, manager: context.manager }, step.machine)
    const found = await findMachine(hypervisor, machine.id, context)
    if (found.state === 'done' && found.value.power !== 'off') await hypervisor.power(machine, 'off', context)
    await hypervisor.remove(machine, context)
    return {}
  },
}
