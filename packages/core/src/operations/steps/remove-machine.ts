import * as z from 'zod'
import { withoutBeside } from '../../domain/without-beside.ts'
import type { StepKind } from '../../ports/index.ts'
import { findMachine } from './find-machine.ts'
import { type MachineStepInput, machineStep } from './machine-step.ts'
import { machineInput } from './schemas.ts'
import { updateServer } from './server-documents.ts'

export interface RemoveMachineInput extends MachineStepInput {
  /** It stands beside its server, and the record tells of it. */
  readonly beside?: true | undefined
}

const input = z.object({ ...machineInput, beside: z.literal(true).optional() })

/** Deletes a machine of ours; it is switched off first. */
export const removeMachine: StepKind<RemoveMachineInput, Record<string, never>> = machineStep({
  name: 'machine.remove',
  input,
  isReached: () => false,
  async change(_step, owned, { hypervisor, context }) {
    const found = await findMachine(hypervisor, owned.id, context)
    if (found.state === 'done' && found.value.power !== 'off') await hypervisor.power(owned, 'off', context)
    await hypervisor.remove(owned, context)
  },
  livesInRecords: 'too',
  records: (step, moment) =>
    step.beside === true && moment.type === 'done'
      ? [updateServer(step, (server) => withoutBeside(server, { machine: step.machine.id }))]
      : [],
})
