import type { RunRecord } from '../domain/run-record.ts'

/** Something that has lasted so long that a person who looks at the run is told. */
export interface NotedWait {
  readonly for: string
  /** When it was noted, by the store's clock. */
  readonly at: number
}

/** What a record says about waits: it notes one, or what it was about has ended. */
export function foldWaits(waits: Map<string, NotedWait>, record: RunRecord & { readonly time: number }): void {
  switch (record.type) {
    case 'wait.noted':
      waits.set(record.data.about, { for: record.data.for, at: record.time })
      return
    case 'step.done':
    case 'step.failed':
    case 'step.skipped':
      waits.delete(record.data.step)
      return
    case 'change.done':
    case 'change.failed':
      waits.delete(record.data.change)
      return
    case 'run.owned':
    case 'run.waiting':
    case 'run.paused':
    case 'run.succeeded':
    case 'run.failed':
    case 'run.cancelled':
      waits.clear()
      return
    default:
  }
}
