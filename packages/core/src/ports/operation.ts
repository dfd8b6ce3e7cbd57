import type { Parser } from '../domain/plain.ts'
import type { DraftPhase, Named, Plan, PlannedServer } from '../domain/plan.ts'
import type { Outcome } from '../domain/run-state.ts'
import type { Share } from '../domain/share.ts'
import type { StepKind } from './step-kind.ts'
import type { World } from './world.ts'

/** What an operation plans; the engine adds identity, hash and estimate. */
export interface Draft {
  readonly claims: readonly string[]
  readonly servers: readonly PlannedServer[]
  readonly phases: readonly DraftPhase[]
  readonly back?: readonly DraftPhase[] | undefined
  /** How many groups may fail in the whole run. */
  readonly maxFailures?: Share | undefined
  readonly attempts?: number | undefined
  readonly notes?: readonly string[] | undefined
  readonly warnings?: readonly string[] | undefined
}

/** What a finished run hands to {@link Operation.result}. */
export interface Finished {
  readonly runId: string
  readonly outcomes: readonly Outcome[]
  /** Sentences for people: what was skipped, what a mark warns of. */
  readonly warnings: readonly string[]
  /** The output of every step that was done, by step id. */
  outputOf(step: string): unknown
}

/** What an operation concerns: the rights to it are checked before anything is looked at, and only its part of the world is. */
export interface OperationScope {
  readonly unit?: string | undefined
  readonly template?: string | undefined
  /** Whether the machines of that template's hypervisor are looked at too. */
  readonly templateMachines?: boolean | undefined
  /** Hash of a definition that the plan reads beside the registered ones. */
  readonly definition?: string | undefined
  /** No hypervisor and no balancer is asked: works while none of them answers. */
  readonly onlyRecords?: boolean | undefined
}

/** A kind of work, as a value: users pass their own beside the built-in ones. Its version rises when its plans change shape. */
export interface Operation<Input = unknown, Output = unknown> extends Named {
  readonly input: Parser<Input>
  readonly kinds: readonly StepKind[]
  /** Absent: everything that the principal may use. */
  scope?(input: Input): OperationScope
  /** Pure: the same world gives the same plan. Throws what makes the work impossible, before anything is changed. */
  plan(input: Input, world: World): Draft
  result(plan: Plan<Output>, finished: Finished): Output
}
