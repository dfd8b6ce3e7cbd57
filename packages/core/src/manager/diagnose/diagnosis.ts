/** The parts that can be at fault, in the order in which they are looked at: each needs those before it. */
export type DiagnosedPart =
  | 'manager'
  | 'hypervisor'
  | 'machine'
  | 'network'
  | 'guestAccess'
  | 'application'
  | 'balancer'

/** What was found at one part. */
export interface Finding {
  readonly part: DiagnosedPart
  /** The slot; absent for what concerns all of them. */
  readonly server?: string | undefined
  readonly state: 'ok' | 'fault' | 'unknown'
  readonly says: string
  /** What to do next; empty when it is well. */
  readonly remedy: string
}

/** What is at fault in a unit, and what to do (manual 4.3.1 and 6.3.1). */
export interface Diagnosis {
  readonly unit: string
  /** By the store's clock. */
  readonly time: number
  /** Everything that was looked at. What stands behind a fault is not looked at. */
  readonly findings: readonly Finding[]
  /** The first fault of each server, and those that concern all of them; empty: all is well. */
  readonly faults: readonly Finding[]
}
