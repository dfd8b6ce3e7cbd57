import * as z from 'zod'
import type { StepKind } from '../../ports/index.ts'
import { type MachineStepInput, machineStep } from './machine-step.ts'
import { machineInput } from './schemas.ts'

const input = z.object(machineInput)

/** Takes our marker out of a machine, which goes back to the resource manager. */
export const releaseMachine: StepKind<MachineStepInput, Record<string, never>> = machineStep({
  name: 'machine.release',
  input,
  isReached: (_step, { marker }) => marker === 'none',
  change: async (_step, owned, { hypervisor, context }) => {
    await hypervisor.release(owned, context)
  },
})
