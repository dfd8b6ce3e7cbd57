import * as z from 'zod'
import { VmunitError } from '../../errors/index.ts'
import type { StepKind } from '../../ports/index.ts'
import { type MachineStepInput, machineStep } from './machine-step.ts'
import { machineInput } from './schemas.ts'

export interface PowerMachineInput extends MachineStepInput {
  readonly to: 'on' | 'off' | 'shutdown'
}

const input = z.object({ ...machineInput, to: z.enum(['on', 'off', 'shutdown']) })

/** Switches a machine of ours on or off; `shutdown` asks its guest first. */
export const powerMachine: StepKind<PowerMachineInput, Record<string, never>> = machineStep({
  name: 'machine.power',
  input,
  isReached: ({ to }, { power }) => power === (to === 'on' ? 'on' : 'off'),
  whenGone({ to, slot, machine }) {
    if (to !== 'on') return
    throw new VmunitError('ERR_NOT_FOUND', `Machine ${machine.id} of ${slot} is gone, so it cannot be started.`, {
      details: { machine: machine.id, slot },
    })
  },
  change: async ({ to }, owned, { hypervisor, context }) => {
    await hypervisor.power(owned, to, context)
  },
})
