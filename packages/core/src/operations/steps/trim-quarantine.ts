import * as z from 'zod'
import type { QuarantinedMachine } from '../../domain/management-unit.ts'
import { groupOfSlot } from '../../domain/slot.ts'
import { TRIM_KIND } from '../../engine/failed-machines.ts'
import type { StepContext, StepKind } from '../../ports/index.ts'
import { dropQuarantine } from './server-documents.ts'

export interface TrimQuarantineInput {
  readonly hypervisor: string
  readonly unit: string
  /** How many machines may be kept. */
  readonly servers?: number | undefined
  /** How long one may be kept. */
  readonly forMs?: number | undefined
}

/** A machine that is kept no longer. `run` is the one that had kept it. */
export interface TrimmedMachine {
  readonly machine: string
  readonly slot: string
  readonly run: string
}

export interface TrimmedQuarantine {
  readonly removed: readonly TrimmedMachine[]
}

const input = z.object({
  hypervisor: z.string(),
  unit: z.string(),
  servers: z.number().optional(),
  forMs: z.number().optional(),
})

const output = z.object({
  removed: z.array(z.object({ machine: z.string(), slot: z.string(), run: z.string() })),
})

/**
 * Keeps the quarantine within its budget: removes the machines that were kept too long, then the oldest of those that
 * are too many. Only in groups on which the run has a claim, so that nobody else works on them.
 */
export const trimQuarantine: StepKind<TrimQuarantineInput, TrimmedQuarantine> = {
  name: TRIM_KIND,
  version: 1,
  input,
  output,
  observe: async (step, context) =>
    (await beyondBudget(step, context)).length === 0 ? { state: 'done', value: { removed: [] } } : { state: 'absent' },
  async act(step, context) {
    // Groups that go back at the same time would remove the same machines.
    const beyond = await context.alone(TRIM_KIND, async () => await removeBeyond(step, context))
    return { removed: beyond.map(({ machine, slot, runId }) => ({ machine: machine.id, slot, run: runId })) }
  },
  records({ unit }, moment) {
    if (moment.type !== 'done') return []
    const groups = Map.groupBy(moment.output.removed, ({ slot }) => groupOfSlot(slot))
    return [...groups.values()].flatMap((removed) => {
      const [first] = removed
      if (first === undefined) return []
      return [dropQuarantine({ unit, slot: first.slot }, new Set(removed.map(({ machine }) => machine)))]
    })
  },
}

async function removeBeyond(step: TrimQuarantineInput, context: StepContext): Promise<readonly QuarantinedMachine[]> {
  const beyond = await beyondBudget(step, context)
  const hypervisor = context.hypervisor(step.hypervisor)
  const { machines, blind } = await hypervisor.inventory({ ids: beyond.map(({ machine }) => machine.id) }, context)
  const present = new Set(machines.map(({ id }) => id))
  for (const { machine, slot } of beyond) {
    // Removed by another step, whose record is still being written.
    if (blind.length === 0 && !present.has(machine.id)) continue
    const marker = { manager: context.manager, unit: step.unit, slot, operationId: machine.operationId ?? '' }
    await hypervisor.remove({ id: machine.id, marker }, context)
  }
  return beyond
}

async function beyondBudget(
  { unit, servers = Number.POSITIVE_INFINITY, forMs = Number.POSITIVE_INFINITY }: TrimQuarantineInput,
  context: StepContext,
): Promise<readonly QuarantinedMachine[]> {
  const kept = await context.kept(unit)
  const isOver = ({ time }: QuarantinedMachine): boolean => context.now() - time > forMs
  const fresh = kept.filter((machine) => !isOver(machine))
  return [...kept.filter(isOver), ...fresh.slice(0, Math.max(0, fresh.length - servers))]
}
