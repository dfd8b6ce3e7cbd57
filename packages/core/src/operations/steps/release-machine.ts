import * as z from 'zod'
import type { StepKind } from '../../ports/index.ts'
import { machineStep } from './machine-step.ts'
import { machineInput } from './schemas.ts'

const input = z.object(machineInput)
type Input = z.infer<typeof input>

/** Takes our marker out of a machine, which goes back to the resource manager. */
export const releaseMachine: StepKind<Input, Record<string, never>> = machineStep({
  name: 'machine.release',
  input,
  isReached: (_step, { marker }) => marker === 'none',
  change: async (_step, owned, { hypervisor, context }) => {
    await hypervisor.release(owned, context)
  },
})
