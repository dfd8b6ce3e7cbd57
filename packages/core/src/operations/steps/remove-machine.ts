import * as z from 'zod'
import type { StepKind } from '../../ports/index.ts'
import { findMachine } from './find-machine.ts'
import { type MachineStepInput, machineStep } from './machine-step.ts'
import { machineInput } from './schemas.ts'

const input = z.object(machineInput)

/** Deletes a machine of ours; it is switched off first. */
export const removeMachine: StepKind<MachineStepInput, Record<string, never>> = machineStep({
  name: 'machine.remove',
  input,
  isReached: () => false,
  async change(_step, owned, { hypervisor, context }) {
    const found = await findMachine(hypervisor, owned.id, context)
    if (found.state === 'done' && found.value.power !== 'off') await hypervisor.power(owned, 'off', context)
    await hypervisor.remove(owned, context)
  },
})
