import type { Plain } from '../../domain/plain.ts'
import type { DraftChange, DraftPhase, Named, OutputRef, PlannedStep, SharedValues, Wave } from '../../domain/plan.ts'

/** A step before it knows what it has to wait for. */
export interface StepDraft {
  readonly id: string
  readonly kind: Named
  readonly server?: string | undefined
  readonly input: Plain
  readonly final?: true | undefined
}

/** What happens to one server in a stage, in order. Lanes of a stage go side by side. */
export type Lane = readonly StepDraft[]

/** A part of the procedure that every server of the group has finished before the next part begins. */
export interface Stage {
  readonly name: string
  readonly lanes: readonly Lane[]
}

/** The whole procedure for one group, and its way back. Every group of a plan has the same stages; some are empty. */
export interface GroupProcedure {
  readonly change: Omit<DraftChange, 'steps' | 'values'>
  readonly stages: readonly Stage[]
  readonly back: readonly Stage[]
  /** Given when the stages are written for several groups: what stands for each `{name}` in them. */
  readonly values?: SharedValues | undefined
}

/** All groups at once; the first failure stops the plan. */
export const EVERYTHING: readonly Wave[] = [{ groups: '100%' }]

/** All groups at once; one that fails does not keep the others from going on. */
export const EACH_FOR_ITSELF: readonly Wave[] = [{ groups: '100%', maxFailures: '100%' }]

/** A draft of a step of this kind. */
export function draft(kind: Named, step: Omit<StepDraft, 'kind'>): StepDraft {
  return { ...step, kind: { name: kind.name, version: kind.version } }
}

/** What a step will have put out, for the input of a later one. */
export function outputOf(step: string, field: string): OutputRef & { readonly [key: string]: Plain } {
  return { $output: { field, step } }
}

/** Rolling: one phase in which each group goes through all stages, as many groups at once as the waves allow. */
export function rolling(
  name: string,
  procedures: readonly GroupProcedure[],
  waves: readonly Wave[],
): readonly DraftPhase[] {
  const chain = createChain()
  const changes = procedures.map(({ change, stages, values }) => ({ ...change, steps: chain(stages), values }))
  return changes.length === 0 ? [] : [{ name, changes, waves }]
}

/** Whole: each stage is a phase over all groups, with a barrier after it. */
export function wholeUnit(
  procedures: readonly GroupProcedure[],
  waves: readonly Wave[] = EVERYTHING,
): readonly DraftPhase[] {
  return phasesOf(procedures, waves, ({ stages }) => stages)
}

/** The way back of a rolling plan: one phase; of a whole one: each stage a phase. */
export function wayBack(procedures: readonly GroupProcedure[], mode: 'rolling' | 'whole'): readonly DraftPhase[] {
  // What the run itself has changed cannot be stale.
  const returning = procedures
    .filter(({ back }) => back.length > 0)
    .map((procedure) => ({ ...procedure, change: { ...procedure.change, expects: [] } }))
  if (mode === 'whole') return phasesOf(returning, EVERYTHING, ({ back }) => back)
  const chain = createChain()
  const changes = returning.map(({ change, back, values }) => ({ ...change, steps: chain(back), values }))
  return changes.length === 0 ? [] : [{ name: 'go back', changes, waves: EVERYTHING }]
}

function phasesOf(
  procedures: readonly GroupProcedure[],
  waves: readonly Wave[],
  stagesOf: (procedure: GroupProcedure) => readonly Stage[],
): readonly DraftPhase[] {
  const names = [...new Set(procedures.flatMap((procedure) => stagesOf(procedure).map(({ name }) => name)))]
  const begun = new Set<string>()
  return names.flatMap((name) => {
    const chain = createChain()
    const changes = procedures.flatMap((procedure): readonly DraftChange[] => {
      const steps = chain(stagesOf(procedure), name)
      if (steps.length === 0) return []
      // Later phases meet what the run itself has changed; only the first can be stale.
      const isFirst = !begun.has(procedure.change.group)
      begun.add(procedure.change.group)
      return [
        { ...procedure.change, expects: isFirst ? procedure.change.expects : [], steps, values: procedure.values },
      ]
    })
    return changes.length === 0 ? [] : [{ name, changes, waves }]
  })
}

/** Groups that share their stages share the steps too. */
function createChain(): (stages: readonly Stage[], name?: string) => readonly PlannedStep[] {
  const known = new Map<readonly Stage[], readonly PlannedStep[]>()
  return (stages, name) => {
    const steps = known.get(stages) ?? chain(stages.filter((stage) => name === undefined || stage.name === name))
    known.set(stages, steps)
    return steps
  }
}

/** Each step needs the one before it in its lane; the first of a lane needs the ends of all lanes of the stage before. */
function chain(stages: readonly Stage[]): readonly PlannedStep[] {
  const steps: PlannedStep[] = []
  let ends: readonly string[] = []
  for (const { lanes } of stages) {
    const filled = lanes.filter((lane) => lane.length > 0)
    if (filled.length === 0) continue
    for (const lane of filled) {
      let needs = ends
      for (const { final, id, input, kind, server } of lane) {
        // Keys in order, as in everything that becomes part of a plan: that makes it several times faster to hash.
        steps.push({ ...(final !== undefined && { final }), id, input, kind, needs, server })
        needs = [id]
      }
    }
    ends = filled.flatMap((lane) => lane.at(-1)?.id ?? [])
  }
  return steps
}
