import * as z from 'zod'
import { QUARANTINE_KIND } from '../../engine/failed-machines.ts'
import type { StepKind } from '../../ports/index.ts'
import { type MachineStepInput, machineStep } from './machine-step.ts'
import { machineInput } from './schemas.ts'
import { addQuarantine } from './server-documents.ts'

export interface QuarantineMachineInput extends MachineStepInput {
  /** Why it is kept; by default that the run went back. */
  readonly reason?: string | undefined
  /** What was collected of it, when it was. */
  readonly diagnostics?: string | null | undefined
}

const input = z.object({ ...machineInput, reason: z.string().optional(), diagnostics: z.string().nullish() })

/**
 * Keeps a machine that failed, for inspection: switched off, so that it serves nobody and holds no address, and listed
 * in its group. It keeps its marker with its own operation id, and stays until a person or the budget of a plan ends it.
 */
export const quarantineMachine: StepKind<QuarantineMachineInput, Record<string, never>> = machineStep({
  name: QUARANTINE_KIND,
  input,
  // A machine that is off, marked, and on no list is found by nobody.
  livesInRecords: 'too',
  isReached: (_step, { power }) => power === 'off',
  change: async (_step, owned, { hypervisor, context }) => {
    await hypervisor.power(owned, 'off', context)
  },
  records(step, moment, { runId, now }) {
    if (moment.type !== 'done') return []
    const reason = step.reason ?? `run ${runId} went back`
    const diagnostics = step.diagnostics ?? undefined
    return [addQuarantine(step, { machine: step.machine, slot: step.slot, runId, reason, time: now, diagnostics })]
  },
})
