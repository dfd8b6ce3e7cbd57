import * as z from 'zod'
import { sha256 } from '../../internal/sha256.ts'
import type { CreateMachine, Machine, MachineNetwork, StepContext, StepKind } from '../../ports/index.ts'
import { noteMachine } from './beside-documents.ts'
import { serverKey } from './schemas.ts'

export interface CreateMachineInput {
  readonly hypervisor: string
  readonly unit: string
  readonly slot: string
  readonly image: string
  readonly networks: readonly MachineNetwork[]
  /** Where it is wanted; see `CreateMachine.failureDomain`. */
  readonly failureDomain?: string | undefined
  /** It stands beside its server, whose record tells of it, until the server has it. */
  readonly beside?: true | undefined
}

const input = z.object({
  hypervisor: z.string(),
  ...serverKey,
  image: z.string(),
  networks: z.array(z.object({ name: z.string(), address: z.string().optional() })),
  failureDomain: z.string().optional(),
  beside: z.literal(true).optional(),
})

export interface CreatedMachine {
  readonly id: string
  readonly operationId: string
  /** The two together, as the steps on this machine take them. */
  readonly machine: { readonly id: string; readonly operationId: string }
}

const output = z.object({
  id: z.string(),
  operationId: z.string(),
  machine: z.object({ id: z.string(), operationId: z.string() }),
})

/** Makes a machine from an image for a slot; powered off, marked as ours. */
export const createMachine: StepKind<CreateMachineInput, CreatedMachine> = {
  name: 'machine.create',
  version: 1,
  input,
  output,
  async observe(step, context) {
    const found = await context.hypervisor(step.hypervisor).created(specOf(step, context), context)
    return found.state === 'done' ? { state: 'done', value: outputOf(found.value, context) } : found
  },
  async act(step, context) {
    const machine = await context.hypervisor(step.hypervisor).create(specOf(step, context), context)
    return outputOf(machine, context)
  },
  records({ unit, slot, beside }, moment, { runId, operationId }) {
    if (beside === undefined || moment.type === 'failed') return []
    const id = moment.type === 'done' ? moment.output.id : undefined
    return [noteMachine({ unit, slot }, runId, { id, operationId })]
  },
}

function specOf(step: CreateMachineInput, { operationId, manager }: StepContext): CreateMachine {
  const name = `${step.slot.replaceAll('/', '-')}-${sha256(operationId).slice(0, 10)}`
  return {
    marker: { manager, unit: step.unit, slot: step.slot, operationId },
    name,
    image: step.image,
    networks: step.networks,
    guest: { hostname: name },
    failureDomain: step.failureDomain,
  }
}

function outputOf(machine: Machine, { operationId }: StepContext): CreatedMachine {
  return { id: machine.id, operationId, machine: { id: machine.id, operationId } }
}
