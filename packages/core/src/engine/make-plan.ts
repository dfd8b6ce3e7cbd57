import type { Plain } from '../domain/plain.ts'
import type { Change, Phase, Plan, PlannedStep } from '../domain/plan.ts'
import { VmunitError } from '../errors/index.ts'
import { canonicalHash } from '../internal/canonical-hash.ts'
import type { Draft, Operation } from '../ports/index.ts'

/** Roughly how long a step takes when nothing is known: only for the estimate, which no hash covers. */
const STEP_ESTIMATE_MS = 5_000

/** Gives a draft its identity: the operation, the hash over all of it, and an estimate. */
export function makePlan<Input, Output>(
  operation: Operation<Input, Output>,
  input: Input,
  made: { readonly draft: Draft; readonly manager: string },
): Plan<Output> {
  const { draft, manager } = made
  checkSteps(operation, draft)
  const content = {
    format: 1 as const,
    operation: { name: operation.name, version: operation.version },
    // Undefined members vanish in JSON; taken out here, a plan is the same before and after its travels.
    input: JSON.parse(JSON.stringify(input)) as Plain,
    unit: operation.scope?.(input).unit,
    manager,
    claims: draft.claims.toSorted(),
    servers: draft.servers,
    phases: draft.phases.map(withPlainKinds),
    back: (draft.back ?? []).map(withPlainKinds),
    ...(draft.maxFailures !== undefined && { maxFailures: draft.maxFailures }),
    attempts: draft.attempts ?? 1,
    notes: draft.notes ?? [],
    warnings: draft.warnings ?? [],
  }
  const steps = draft.phases.reduce((sum, phase) => sum + stepsOf(phase), 0)
  return { ...content, hash: hashOf(content), estimate: { steps, durationMs: estimate(draft.phases) } }
}

/** An author may give the step kind itself; a plan names it only, or it would carry code. */
function withPlainKinds({ name, waves, changes }: Phase): Phase {
  return { changes: changes.map(plainChange), name, waves }
}

function plainChange({ action, disturbs, expects, failureDomain, group, reason, steps }: Change): Change {
  const domain = failureDomain === undefined ? undefined : { failureDomain }
  return { action, disturbs, expects, ...domain, group, reason, steps: steps.map(plainStep) }
}

function plainStep(step: PlannedStep): PlannedStep {
  const { name, version, ...more } = step.kind
  return Object.keys(more).length === 0 ? step : { ...step, kind: { name, version } }
}

/** The hash of a plan: over everything but the hash itself and the estimate. */
export function hashOf(plan: Omit<Plan, 'hash' | 'estimate' | ' output'>): string {
  return canonicalHash(plan)
}

function stepsOf(phase: Phase): number {
  return phase.changes.reduce((sum, change) => sum + change.steps.length, 0)
}

function estimate(phases: readonly Phase[]): number {
  return phases.reduce((sum, phase) => {
    const longest = phase.changes.reduce((most, change) => Math.max(most, change.steps.length), 0)
    const isRolling = phase.waves.some(({ groups }) => groups !== '100%')
    return sum + STEP_ESTIMATE_MS * (isRolling ? stepsOf(phase) : longest)
  }, 0)
}

/** Mistakes of an operation's author are found while planning, not in the middle of a run. */
function checkSteps<Input, Output>(operation: Operation<Input, Output>, draft: Draft): void {
  const kinds = new Set(operation.kinds.map(({ name, version }) => `${name}@${version}`))
  const changeOf = new Map<string, Change>()
  for (const phase of [...draft.phases, ...(draft.back ?? [])]) {
    if (phase.waves.length === 0) throw internal(`phase ${phase.name} of ${operation.name} has no wave`)
    const groups = new Set<string>()
    for (const change of phase.changes) {
      if (groups.has(change.group)) throw internal(`it plans group ${change.group} twice in phase ${phase.name}`)
      groups.add(change.group)
      for (const step of change.steps) {
        if (changeOf.has(step.id)) throw internal(`${operation.name} plans step ${step.id} twice`)
        if (!kinds.has(`${step.kind.name}@${step.kind.version}`)) {
          throw internal(`${operation.name} plans a step of kind ${step.kind.name}, which it does not list`)
        }
        // Only what is listed before counts, so that needs cannot form a circle.
        const missing = step.needs.find((need) => changeOf.get(need) !== change)
        if (missing !== undefined)
          throw internal(`step ${step.id} needs ${missing}, which its change does not list before it`)
        changeOf.set(step.id, change)
      }
    }
  }
}

function internal(what: string): VmunitError {
  return new VmunitError('ERR_INTERNAL', `The operation is wrong: ${what}.`)
}
