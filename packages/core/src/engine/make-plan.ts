import type { Plain } from '../domain/plain.ts'
import type { Change, DraftChange, DraftPhase, Phase, Plan } from '../domain/plan.ts'
import { canonicalHash } from '../internal/canonical-hash.ts'
import type { Draft, Operation } from '../ports/index.ts'
import { checkDraft } from './check-draft.ts'
import { sealOf } from './plan-seal.ts'
import { createSharedProcedures, type SharedProcedures } from './shared-procedures.ts'

/** Roughly how long a step takes when nothing is known: only for the estimate, which no hash covers. */
const STEP_ESTIMATE_MS = 5_000

/** Gives a draft its identity: the operation, the hash over all of it, its seal, and an estimate. */
export function makePlan<Input, Output>(
  operation: Operation<Input, Output>,
  input: Input,
  made: { readonly draft: Draft; readonly manager: string; readonly key: string },
): Plan<Output> {
  const { draft, manager, key } = made
  checkDraft(operation, draft)
  const shared = createSharedProcedures([...draft.phases, ...(draft.back ?? [])])
  const phases = draft.phases.map((phase) => plainPhase(phase, shared))
  const back = (draft.back ?? []).map((phase) => plainPhase(phase, shared))
  const procedures = shared.all()
  const content = {
    format: 1 as const,
    operation: { name: operation.name, version: operation.version },
    // Undefined members vanish in JSON; taken out here, a plan is the same before and after its travels.
    input: JSON.parse(JSON.stringify(input)) as Plain,
    unit: operation.scope?.(input).unit,
    manager,
    claims: draft.claims.toSorted(),
    servers: draft.servers,
    ...(procedures !== undefined && { procedures }),
    phases,
    back,
    ...(draft.maxFailures !== undefined && { maxFailures: draft.maxFailures }),
    attempts: draft.attempts ?? 1,
    notes: draft.notes ?? [],
    warnings: draft.warnings ?? [],
  }
  const steps = draft.phases.reduce((sum, phase) => sum + countSteps(phase), 0)
  const hash = hashOf(content)
  return { ...content, hash, seal: sealOf(hash, key), estimate: { steps, durationMs: estimate(draft.phases) } }
}

function plainPhase({ name, waves, changes }: DraftPhase, shared: SharedProcedures): Phase {
  return { changes: changes.map((change) => plainChange(change, shared.refer(change, name))), name, waves }
}

function plainChange(change: DraftChange, steps: Change['steps']): Change {
  const { action, disturbs, expects, failureDomain, group, reason } = change
  const domain = failureDomain === undefined ? undefined : { failureDomain }
  return { action, disturbs, expects, ...domain, group, reason, steps }
}

/** The hash of a plan: over everything but the hash itself, the seal and the estimate. */
export function hashOf(plan: Omit<Plan, 'hash' | 'seal' | 'estimate' | ' output'>): string {
  return canonicalHash(plan)
}

function countSteps(phase: DraftPhase): number {
  return phase.changes.reduce((sum, change) => sum + change.steps.length, 0)
}

function estimate(phases: readonly DraftPhase[]): number {
  return phases.reduce((sum, phase) => {
    const longest = phase.changes.reduce((most, change) => Math.max(most, change.steps.length), 0)
    const isRolling = phase.waves.some(({ groups }) => groups !== '100%')
    return sum + STEP_ESTIMATE_MS * (isRolling ? countSteps(phase) : longest)
  }, 0)
}
