import type { StepKind } from '../../ports/index.ts'
import type { MachineStepInput } from './machine-step.ts'
import { releaseMachine } from './release-machine.ts'
import { removeMachine } from './remove-machine.ts'
import { dropQuarantine } from './server-documents.ts'

/** Deletes a machine that is in quarantine, and strikes it off the list of its group. */
export const removeKept: StepKind<MachineStepInput, Record<string, never>> = {
  ...removeMachine,
  name: 'quarantine.remove',
  records: (step, moment) => (moment.type === 'done' ? [dropQuarantine(step, new Set([step.machine.id]))] : []),
}

/** Takes our marker out of a machine that is in quarantine, and strikes it off the list of its group. */
export const releaseKept: StepKind<MachineStepInput, Record<string, never>> = {
  ...releaseMachine,
  name: 'quarantine.release',
  records: (step, moment) => (moment.type === 'done' ? [dropQuarantine(step, new Set([step.machine.id]))] : []),
}
