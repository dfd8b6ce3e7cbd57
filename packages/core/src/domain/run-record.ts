import type { DescribedError } from '../errors/index.ts'
import type { Plain } from './plain.ts'
import type { Plan } from './plan.ts'
import type { Principal } from './principal.ts'

/** Where a change stands in its plan: a group has at most one change per phase, forward and on the way back. */
export type ChangeKey = `${'forward' | 'back'}:${number}:${string}`

/** Everything that a run writes into its journal. Run status, events, audit and reports are folds over these. */
export type RunRecord =
  | {
      readonly type: 'run.created'
      readonly data: { readonly plan: Plan; readonly principal: Principal; readonly approval: boolean }
    }
  | { readonly type: 'run.owned'; readonly data: { readonly owner: string } }
  | {
      readonly type: 'run.waiting'
      readonly data: {
        readonly for: string
        readonly request?: string
        readonly requests?: readonly string[]
        readonly until?: number
      }
    }
  | {
      /** After records were lost: steps that began all the same, steps that must have been done before, their changes. */
      readonly type: 'run.reconciled'
      readonly data: {
        readonly steps: readonly { readonly step: string; readonly attempt: number }[]
        readonly passed: readonly string[]
        readonly changes: readonly ChangeKey[]
      }
    }
  | { readonly type: 'run.paused'; readonly data: { readonly reason: string } }
  | { readonly type: 'run.returning'; readonly data: { readonly reason: string } }
  | { readonly type: 'run.succeeded'; readonly data: Record<string, never> }
  | { readonly type: 'run.failed'; readonly data: { readonly error: DescribedError } }
  | {
      readonly type: 'run.cancelled'
      readonly data: { readonly reason: string; readonly by: string; readonly halfDone: readonly string[] }
    }
  | { readonly type: 'gate.asked'; readonly data: { readonly gate: string; readonly request: string } }
  | { readonly type: 'gate.passed'; readonly data: { readonly gate: string; readonly by: string } }
  | { readonly type: 'gate.refused'; readonly data: { readonly gate: string; readonly by: string } }
  | { readonly type: 'change.began'; readonly data: { readonly change: ChangeKey } }
  | { readonly type: 'change.done'; readonly data: { readonly change: ChangeKey } }
  | { readonly type: 'change.failed'; readonly data: { readonly change: ChangeKey; readonly error: DescribedError } }
  /** A step or a change has been at it for more than five seconds: for what it waits. */
  | { readonly type: 'wait.noted'; readonly data: { readonly about: string; readonly for: string } }
  | { readonly type: 'group.renewed'; readonly data: { readonly group: string; readonly attempt: number } }
  | { readonly type: 'step.began'; readonly data: { readonly step: string; readonly attempt: number } }
  | {
      readonly type: 'step.retried'
      readonly data: { readonly step: string; readonly attempt: number; readonly error: DescribedError }
    }
  | {
      readonly type: 'step.done'
      readonly data: { readonly step: string; readonly attempt: number; readonly output: Plain }
    }
  | { readonly type: 'step.skipped'; readonly data: { readonly step: string; readonly attempt: number } }
  | {
      readonly type: 'step.failed'
      readonly data: { readonly step: string; readonly attempt: number; readonly error: DescribedError }
    }

/**
 * A journal record as people and programs see it. Switch on `type` with a default branch: new types are a minor change.
 */
export type RunEvent = RunRecord & {
  /** Counts from 1 within its run, without gaps. */
  readonly seq: number
  /** The store's clock, milliseconds since 1970. */
  readonly time: number
  /** Chained to the record before; whoever archives events can check them. */
  readonly checksum: string
}
