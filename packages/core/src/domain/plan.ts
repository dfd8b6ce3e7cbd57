import type { Plain } from './plain.ts'
import type { Share } from './share.ts'

/** Finds code by name. The version rises when input, steps or output change shape. */
export interface Named {
  readonly name: string
  readonly version: number
}

/** Stands in a planned input for what exists only later: a machine id, an address, an image. */
export interface OutputRef {
  readonly $output: { readonly step: string; readonly field: string }
}

/** One side effect. `id` is unique in its plan and made from content: `vmgroup_1/web/0/create@web-base:42`. */
export interface PlannedStep {
  readonly id: string
  readonly kind: Named
  /** The slot it is about; absent for what concerns no single server. */
  readonly server?: string | undefined
  readonly input: Plain
  /** Steps of the same change that must be done before; none: may begin with the change. */
  readonly needs: readonly string[]
  /** From here on there is no way back: when something fails later, the group is left as it is. */
  readonly final?: true | undefined
}

/** What can be expected of a server: of its record, and of its machine as the hypervisor reports it. */
export type FactName =
  | 'attached'
  /** Who has the address in `about`: `unit slot`, or null. */
  | 'holder'
  /** Whether another group serves the tier in `about`. */
  | 'standIn'
  /** The number of the newest version of the template in `about`. */
  | 'newestVersion'
  /** Whether machines may be made from the version of a template in `about`: `web-base:42`. */
  | 'usableVersion'
  /** Of the unit, which stands in `server` too: the hash of its registered definition. */
  | 'registeredDefinition'
  /** Of the unit: whether its registered definition has the tier in `about`. */
  | 'knownTier'
  /** Of the unit: whether a server of it is of the tier in `about`. */
  | 'usedTier'
  /** Of the unit: whether it has a group that is not among those in `about`, separated by commas. */
  | 'otherGroup'
  | 'address'
  | 'machine'
  | 'power'
  | 'status'
  | 'templateVersion'
  | 'definitionHash'

/** Something that a change relies on. `server` is a slot of the unit. */
export interface ExpectedFact {
  readonly unit: string
  readonly server: string
  readonly fact: FactName
  readonly about?: string | undefined
  readonly value: Plain
}

/** What is done to a server or group, in the order of how much it disturbs. */
export type ChangeAction =
  | 'none'
  | 'define'
  | 'mark'
  | 'unmark'
  | 'attach'
  | 'detach'
  | 'start'
  | 'stop'
  | 'power'
  | 'block'
  | 'unblock'
  | 'script'
  | 'reflect'
  | 'restart'
  | 'patch'
  | 'replace'
  | 'retire'

/** What happens to one group in one phase: the unit of scheduling, claims and availability. */
export interface Change {
  readonly group: string
  readonly action: ChangeAction
  /** For people: `web-base 41 → 42`. */
  readonly reason: string
  /** Whether the group is out of service while this goes on. */
  readonly disturbs: boolean
  /** Where its machines are; given when a wave goes domain by domain. */
  readonly failureDomain?: string | undefined
  /** What must still hold when the change begins. Only this decides staleness. */
  readonly expects: readonly ExpectedFact[]
  /** Its own steps, or those of a procedure of the plan: read them with `stepsOf`. */
  readonly steps: readonly PlannedStep[] | SharedSteps
}

/**
 * Steps that a group has in common with others, so that a plan of many groups does not repeat them: those of
 * {@link Plan.procedures}, in which `{name}` stands for what differs.
 */
export interface SharedSteps {
  readonly procedure: string
  /** What stands for each name here, such as `web/0.address`; `{group}` is the group of the change. */
  readonly values: SharedValues
}

/** What stands in shared steps for each `{name}`. */
export type SharedValues = Readonly<Record<string, string>>

/** A change as an operation plans it. */
export interface DraftChange extends Omit<Change, 'steps'> {
  readonly steps: readonly PlannedStep[]
  /** Given when the steps are written for several groups, with `{name}` in the place of what differs between them. */
  readonly values?: SharedValues | undefined
}

/** Something that must be answered before a wave begins. */
export type Gate =
  | {
      readonly kind: 'approval'
      /** What is asked, for people. */
      readonly text?: string | undefined
    }
  | {
      readonly kind: 'until'
      /** Milliseconds since 1970, by the store's clock. */
      readonly time: number
    }

/**
 * How much of a phase is disturbed at once; counts groups.
 *
 * Each wave but the last takes its share of groups, all at once. The last takes the rest and keeps its share in flight.
 * A group occupies its place until it has soaked; a gate is answered once, before the wave begins.
 */
export interface Wave {
  readonly groups: Share
  /**
   * How many replacement groups may exist beside the ones that they replace. Its groups then serve all the time, and no
   * more than so many are in work at once, however wide the wave is.
   */
  readonly surge?: Share | undefined
  /** How many of its groups may fail before the run begins nothing new. Default 0. */
  readonly maxFailures?: Share | undefined
  readonly soakMs?: number | undefined
  /**
   * How long a group may take. One that takes longer counts as failed until it has ended: meanwhile nothing new begins
   * beyond `maxFailures`. What is in flight is never cut off.
   */
  readonly deadlineMs?: number | undefined
  /** `oneByOne`: never are groups of two failure domains disturbed at the same time. */
  readonly failureDomains?: 'oneByOne' | undefined
  readonly gate?: Gate | undefined
}

/** Between phases is a barrier; inside one, waves limit what is disturbed at once. `whole` is phases, `rolling` is one. */
export interface Phase {
  readonly name: string
  readonly changes: readonly Change[]
  readonly waves: readonly Wave[]
}

/** A phase as an operation plans it. */
export interface DraftPhase extends Omit<Phase, 'changes'> {
  readonly changes: readonly DraftChange[]
}

/** What the plan means for one server: the line that people read. */
export interface PlannedServer {
  readonly server: string
  readonly address: string
  readonly action: ChangeAction
  readonly reason: string
}

/**
 * Plain JSON: print it with `formatPlan`, send it, store it, approve it by `hash`, start it in another process.
 * The hash covers all but the estimate.
 */
export interface Plan<Output = unknown> {
  readonly format: 1
  readonly operation: Named
  readonly input: Plain
  /** The unit that it is about, when it is about one: who may use that may see and start the plan. */
  readonly unit?: string | undefined
  /** The manager whose fleet it is for. */
  readonly manager: string
  /** `unit/gyoumu_a/vmgroup_1`, `unit/gyoumu_a` or `template/web-base`: what no other run may touch until this one ends. */
  readonly claims: readonly string[]
  /** Every server that the operation looked at, the unchanged ones too. */
  readonly servers: readonly PlannedServer[]
  /** Steps that several groups have in common, by the name under which their changes refer to them. */
  readonly procedures?: Readonly<Record<string, readonly PlannedStep[]>> | undefined
  readonly phases: readonly Phase[]
  /**
   * The way back: what is done when a change fails, for the groups that the run began and did not finish.
   * A step here that needs the output of a step that never ended is left out: there is nothing to undo.
   */
  readonly back: readonly Phase[]
  /** How many groups may fail in all phases and waves together. Absent: only the waves limit it. */
  readonly maxFailures?: Share | undefined
  /** How often a group may begin anew, after `back`, when a job in it ended without an exit code. */
  readonly attempts: number
  /** What a person should know before starting: interruptions, no way back. */
  readonly notes: readonly string[]
  /** What was left out or is doubtful; part of the result, where an original command would end with exit code 1. */
  readonly warnings: readonly string[]
  /** Over all of it but the seal and the estimate: the same world gives the same hash. */
  readonly hash: string
  /** Proves that this manager made it: a plan that somebody wrote, or changed, has none that fits. */
  readonly seal: string
  readonly estimate: { readonly durationMs: number; readonly steps: number }
  /** Carries the type of the result; never present at run time. */
  readonly ' output'?: Output
}
