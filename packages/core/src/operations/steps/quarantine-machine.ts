import * as z from 'zod'
import { QUARANTINE_KIND } from '../../engine/outcomes.ts'
import type { StepKind } from '../../ports/index.ts'
import { type MachineStepInput, machineStep } from './machine-step.ts'
import { machineInput } from './schemas.ts'
import { addQuarantine } from './server-documents.ts'

export interface QuarantineMachineInput extends MachineStepInput {
  /** Why it is kept; by default that the run went back. */
  readonly reason?: string | undefined
}

const input = z.object({ ...machineInput, reason: z.string().optional() })

/**
 * Keeps a machine that failed, for inspection: switched off, so that it serves nobody and holds no address, and listed
 * in its group. It keeps its marker with its own operation id; nothing of vmunit removes it by itself.
 */
export const quarantineMachine: StepKind<QuarantineMachineInput, Record<string, never>> = machineStep({
  name: QUARANTINE_KIND,
  input,
  isReached: (_step, { power }) => power === 'off',
  change: async (_step, owned, { hypervisor, context }) => {
    await hypervisor.power(owned, 'off', context)
  },
  records(step, moment, { runId, now }) {
    if (moment.type !== 'done') return []
    const reason = step.reason ?? `run ${runId} went back`
    return [addQuarantine(step, { machine: step.machine, slot: step.slot, runId, reason, time: now })]
  },
})
