import * as z from 'zod'
import type { StepKind } from '../../ports/index.ts'
import { findMachine } from './find-machine.ts'
import { machineInput, nothing } from './schemas.ts'
import { ownedMachine } from './server-documents.ts'

const input = z.object(machineInput)
type Input = z.infer<typeof input>

/** Takes our marker out of a machine, which goes back to the resource manager. */
export const releaseMachine: StepKind<Input, Record<string, never>> = {
  name: 'machine.release',
  version: 1,
  input,
  output: nothing,
  async observe(step, context) {
    const found = await findMachine(context.hypervisor(step.hypervisor), step.machine.id, context)
    if (found.state === 'absent') return { state: 'done', value: {} }
    if (found.state !== 'done') return found
    return found.value.marker === 'none' ? { state: 'done', value: {} } : { state: 'absent' }
  },
  async act(step, context) {
    const machine = ownedMachine({ ...step, manager: context.manager }, step.machine)
    await context.hypervisor(step.hypervisor).release(machine, context)
    return {}
  },
}
