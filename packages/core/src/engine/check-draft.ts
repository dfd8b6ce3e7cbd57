import type { DraftChange, PlannedStep } from '../domain/plan.ts'
import { fillNames } from '../domain/planned-steps.ts'
import { VmunitError } from '../errors/index.ts'
import type { Draft, Operation } from '../ports/index.ts'

/**
 * Finds mistakes of an operation's author while planning, not in the middle of a run.
 *
 * @throws {@link VmunitError} `ERR_INTERNAL`, saying what is wrong.
 */
export function checkDraft<Input, Output>(operation: Operation<Input, Output>, draft: Draft): void {
  const checkSteps = createStepsCheck(operation)
  const ids = new Set<string>()
  const shared = new Map<string, DraftChange[]>()
  for (const phase of [...draft.phases, ...(draft.back ?? [])]) {
    if (phase.waves.length === 0) throw internal(`phase ${phase.name} of ${operation.name} has no wave`)
    const groups = new Set<string>()
    for (const change of phase.changes) {
      if (groups.has(change.group)) throw internal(`it plans group ${change.group} twice in phase ${phase.name}`)
      groups.add(change.group)
      checkSteps(change.steps)
      if (change.values === undefined) addIds(operation, ids, change.steps)
      else shared.set(change.group, [...(shared.get(change.group) ?? []), change])
    }
  }
  // Written out for one group of each kind: the others have the same steps.
  const seen = new Set<string>()
  const numbers = new Map<readonly PlannedStep[], number>()
  for (const changes of shared.values()) {
    const kind = changes.map(({ steps }) => numberOf(numbers, steps)).join(' ')
    if (seen.has(kind)) continue
    seen.add(kind)
    for (const { group, steps, values } of changes) addIds(operation, ids, fillNames(steps, { ...values, group }))
  }
}

function numberOf(numbers: Map<readonly PlannedStep[], number>, steps: readonly PlannedStep[]): number {
  const number = numbers.get(steps) ?? numbers.size
  numbers.set(steps, number)
  return number
}

function addIds({ name }: Operation<never> | Operation, ids: Set<string>, steps: readonly PlannedStep[]): void {
  for (const { id } of steps) {
    if (ids.has(id)) throw internal(`${name} plans step ${id} twice`)
    ids.add(id)
  }
}

/** Checks the steps of a change by themselves; the same ones only once. */
function createStepsCheck<Input, Output>(operation: Operation<Input, Output>): (steps: readonly PlannedStep[]) => void {
  const kinds = new Set(operation.kinds.map(({ name, version }) => `${name}@${version}`))
  const checked = new Set<readonly PlannedStep[]>()
  return (steps) => {
    if (checked.has(steps)) return
    checked.add(steps)
    const before = new Set<string>()
    for (const { id, kind, needs } of steps) {
      if (!kinds.has(`${kind.name}@${kind.version}`)) {
        throw internal(`${operation.name} plans a step of kind ${kind.name}, which it does not list`)
      }
      // Only what is listed before counts, so that needs cannot form a circle.
      const missing = needs.find((need) => !before.has(need))
      if (missing !== undefined) {
        throw internal(`step ${id} needs ${missing}, which its change does not list before it`)
      }
      before.add(id)
    }
  }
}

function internal(what: string): VmunitError {
  return new VmunitError('ERR_INTERNAL', `The operation is wrong: ${what}.`)
}
