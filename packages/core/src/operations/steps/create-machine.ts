import * as z from 'zod'
import { sha256 } from '../../internal/sha256.ts'
import type { CreateMachine, Machine, StepContext, StepKind } from '../../ports/index.ts'
import { serverKey } from './schemas.ts'

const input = z.object({
  hypervisor: z.string(),
  ...serverKey,
  image: z.string(),
  networks: z.array(z.object({ name: z.string(), address: z.string().optional() })),
})
type Input = z.infer<typeof input>

const output = z.object({
  id: z.string(),
  operationId: z.string(),
  machine: z.object({ id: z.string(), operationId: z.string() }),
})
type Output = z.infer<typeof output>

/** Makes a machine from an image for a slot; powered off, marked as ours. */
export const createMachine: StepKind<Input, Output> = {
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
}

function specOf(step: Input, { operationId, manager }: StepContext): CreateMachine {
  const name = `${step.slot.replaceAll('/', '-')}-${sha256(operationId).slice(0, 10)}`
  return {
    marker: { manager, unit: step.unit, slot: step.slot, operationId },
    name,
    image: step.image,
    networks: step.networks,
    guest: { hostname: name },
  }
}

function outputOf(machine: Machine, { operationId }: StepContext): Output {
  return { id: machine.id, operationId, machine: { id: machine.id, operationId } }
}
