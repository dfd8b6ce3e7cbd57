import * as z from 'zod'
import { VmunitError } from '../../errors/index.ts'
import type { StepKind } from '../../ports/index.ts'
import { findMachine } from './find-machine.ts'
import { machineInput, nothing } from './schemas.ts'
import { ownedMachine } from './server-documents.ts'

const input = z.object({ ...machineInput, to: z.enum(['on', 'off', 'shutdown']) })
type Input = z.infer<typeof input>

/** Switches a machine of ours on or off; `shutdown` asks its guest first. */
export const powerMachine: StepKind<Input, Record<string, never>> = {
  name: 'machine.power',
  version: 1,
  input,
  output: nothing,
  async observe(step, context) {
    const found = await findMachine(context.hypervisor(step.hypervisor), step.machine.id, context)
    if (found.state === 'absent') {
      if (step.to !== 'on') return { state: 'done', value: {} }
      throw new VmunitError(
        'ERR_NOT_FOUND',
        `Machine ${step.machine.id} of ${step.slot} is gone, so it cannot be started.`,
        {
          details: { machine: step.machine.id, slot: step.slot },
        },
      )
    }
    if (found.state !== 'done') return found
    const isThere = found.value.power === (step.to === 'on' ? 'on' : 'off')
    return isThere ? { state: 'done', value: {} } : { state: 'absent' }
  },
  async act(step, context) {
    const machine = ownedMachine({ ...step, manager: context.manager }, step.machine)
    await context.hypervisor(step.hypervisor).power(machine, step.to, context)
    return {}
  },
}
