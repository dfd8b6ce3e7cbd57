import type { Change, Phase, Plan, PlannedStep, Wave } from '../../../../src/domain/plan.ts'
import { hashOf } from '../../../../src/engine/make-plan.ts'
import { beginProgress, type Progress } from '../../../../src/engine/progress.ts'

export const ALL_AT_ONCE: readonly Wave[] = [{ groups: '100%' }]
export const ONE_BY_ONE: readonly Wave[] = [{ groups: 1 }]

export interface SyntheticPhase {
  readonly name: string
  readonly groups: readonly string[]
  readonly waves?: readonly Wave[] | undefined
  /** How many steps each change has, one after another. Default 2. */
  readonly steps?: number | undefined
  /** From which step on there is no way back; absent: there always is one. */
  readonly finalFrom?: number | undefined
  /** Where a group's machines are. */
  readonly domainOf?: ((group: string) => string) | undefined
}

export interface SyntheticPlan {
  readonly phases: readonly SyntheticPhase[]
  readonly back?: readonly SyntheticPhase[] | undefined
  readonly attempts?: number | undefined
  readonly maxFailures?: Plan['maxFailures']
}

/** `g1` to `g<count>`. */
export function groupNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `g${index + 1}`)
}

/** A plan without meaning, for what only looks at its shape. */
export function syntheticPlan({ phases, back = [], attempts = 1, maxFailures }: SyntheticPlan): Plan {
  const content = {
    format: 1 as const,
    operation: { name: 'synthetic', version: 1 },
    input: {},
    manager: 'vmunit',
    claims: ['unit/u'],
    servers: [...new Set(phases.flatMap(({ groups }) => groups))].map((group) => ({
      server: `${group}/web/0`,
      address: '192.0.2.1',
      action: 'replace' as const,
      reason: 'a test',
    })),
    phases: phases.map((phase) => phaseOf('forward', phase)),
    back: back.map((phase) => phaseOf('back', phase)),
    attempts,
    ...(maxFailures !== undefined && { maxFailures }),
    notes: [],
    warnings: [],
  }
  return { ...content, hash: hashOf(content), seal: 'of a test', estimate: { durationMs: 0, steps: 0 } }
}

/** The progress of a run of this plan that has only been created. */
export function progressOf(plan: Plan, approval = false): Progress {
  const principal = { name: 'user_a', role: 'builder' } as const
  return beginProgress('run', { type: 'run.created', time: 0, data: { plan, principal, approval } })
}

function phaseOf(direction: 'forward' | 'back', phase: SyntheticPhase): Phase {
  const { name, groups, waves = ALL_AT_ONCE } = phase
  return { name, waves, changes: groups.map((group) => changeOf(direction, phase, group)) }
}

function changeOf(direction: 'forward' | 'back', phase: SyntheticPhase, group: string): Change {
  const { name, steps: count = 2, finalFrom = Number.POSITIVE_INFINITY, domainOf } = phase
  const steps = Array.from({ length: count }, (_, index): PlannedStep => {
    const id = (number: number): string => `${direction}:${name}:${group}/${number}`
    return {
      id: id(index),
      kind: { name: 'synthetic', version: 1 },
      server: `${group}/web/0`,
      input: {},
      needs: index === 0 ? [] : [id(index - 1)],
      ...(index >= finalFrom && { final: true as const }),
    }
  })
  const failureDomain = domainOf?.(group)
  return {
    group,
    action: 'replace',
    reason: 'a test',
    disturbs: true,
    ...(failureDomain !== undefined && { failureDomain }),
    expects: [],
    steps,
  }
}
