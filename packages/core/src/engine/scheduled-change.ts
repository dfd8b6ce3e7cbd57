import type { Change } from '../domain/plan.ts'
import type { ChangeKey } from '../domain/run-record.ts'
import type { DescribedError } from '../errors/index.ts'

/** A change and where it stands in the plan. */
export interface ScheduledChange {
  readonly key: ChangeKey
  readonly change: Change
}

export type ChangeProgress =
  | { readonly state: 'began'; readonly at: number }
  | { readonly state: 'done'; readonly at: number }
  | { readonly state: 'failed'; readonly at: number; readonly error: DescribedError }
