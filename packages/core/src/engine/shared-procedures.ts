import type { Change, DraftChange, DraftPhase, PlannedStep } from '../domain/plan.ts'
import { fillNames } from '../domain/planned-steps.ts'

/** The steps that changes of one plan share. */
export interface SharedProcedures {
  /** What stands for the steps of a change in the plan: themselves, or the name of the procedure that they have become. */
  refer(change: DraftChange, phase: string): Change['steps']
  /** The procedures so far; undefined when there is none. */
  all(): Readonly<Record<string, readonly PlannedStep[]>> | undefined
}

/** Finds which steps more than one change has, which are those that are one object; each gets the name of its first phase. */
export function createSharedProcedures(phases: readonly DraftPhase[]): SharedProcedures {
  const counts = new Map<readonly PlannedStep[], number>()
  for (const { steps } of phases.flatMap(({ changes }) => changes)) counts.set(steps, (counts.get(steps) ?? 0) + 1)
  const names = new Map<readonly PlannedStep[], string>()
  const used = new Set<string>()

  function nameOf(steps: readonly PlannedStep[], phase: string): string {
    let name = names.get(steps) ?? phase
    for (let number = 2; !names.has(steps) && used.has(name); number += 1) name = `${phase} ${number}`
    used.add(name)
    names.set(steps, name)
    return name
  }

  return {
    refer({ group, steps, values }, phase) {
      if (values === undefined) return steps.map(plainStep)
      if ((counts.get(steps) ?? 0) < 2) return fillNames(steps.map(plainStep), { ...values, group })
      return { procedure: nameOf(steps, phase), values }
    },
    all: () =>
      names.size === 0
        ? undefined
        : Object.fromEntries([...names].map(([steps, name]) => [name, steps.map(plainStep)])),
  }
}

/** An author may give the step kind itself; a plan names it only, or it would carry code. */
function plainStep(step: PlannedStep): PlannedStep {
  const { name, version, ...more } = step.kind
  return Object.keys(more).length === 0 ? step : { ...step, kind: { name, version } }
}
