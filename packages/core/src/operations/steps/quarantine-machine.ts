import * as z from 'zod'
import { QUARANTINE_KIND } from '../../engine/outcomes.ts'
import type { StepKind } from '../../ports/index.ts'
import { findMachine } from './find-machine.ts'
import { machineInput, nothing } from './schemas.ts'
import { addQuarantine, ownedMachine } from './server-documents.ts'

const input = z.object(machineInput)
type Input = z.infer<typeof input>

/**
 * Keeps a machine that failed, for inspection: switched off, so that it serves nobody and holds no address, and listed
 * in its group. It keeps its marker with its own operation id; nothing of vmunit removes it by itself.
 */
export const quarantineMachine: StepKind<Input, Record<string, never>> = {
  name: QUARANTINE_KIND,
  version: 1,
  input,
  output: nothing,
  async observe(step, context) {
    const found = await findMachine(context.hypervisor(step.hypervisor), step.machine.id, context)
    if (found.state === 'absent') return { state: 'done', value: {} }
    if (found.state !== 'done') return found
    return found.value.power === 'off' ? { state: 'done', value: {} } : { state: 'absent' }
  },
  async act(step, context) {
    const machine = ownedMachine({ ...step, manager: context.manager }, step.machine)
    await context.hypervisor(step.hypervisor).power(machine, 'off', context)
    return {}
  },
  records(step, moment, { runId, now }) {
    if (moment.type !== 'done') return []
    const reason = `run ${runId} went back`
    return [addQuarantine(step, { machine: step.machine, slot: step.slot, runId, reason, time: now })]
  },
}
