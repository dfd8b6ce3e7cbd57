import type { Plain } from '../domain/plain.ts'
import type { Phase, Plan } from '../domain/plan.ts'
import { stepsOf } from '../domain/planned-steps.ts'
import type { Principal } from '../domain/principal.ts'
import type { ChangeKey, RunRecord } from '../domain/run-record.ts'
import type { RunState } from '../domain/run-state.ts'
import { countOf } from '../domain/share.ts'
import { type DescribedError, VmunitError } from '../errors/index.ts'
import { assertNever } from '../internal/assert-never.ts'
import type { WaitingRun } from './documents.ts'
import { foldWaits, type NotedWait } from './noted-waits.ts'
import type { ChangeProgress, ScheduledChange } from './scheduled-change.ts'
import { noteChange, type Standing } from './standing.ts'

export type { ChangeProgress, ScheduledChange } from './scheduled-change.ts'

export type StepProgress =
  | { readonly state: 'began' | 'skipped'; readonly attempt: number }
  | { readonly state: 'done'; readonly attempt: number; readonly output: Plain }
  | { readonly state: 'failed'; readonly attempt: number; readonly error: DescribedError }

/** The changes of a plan with their keys, phase by phase: made once, because they are asked for all the time. */
export interface Schedule {
  readonly forward: readonly (readonly ScheduledChange[])[]
  readonly back: readonly (readonly ScheduledChange[])[]
  /** The same by group, forward and back. */
  readonly ofGroup: ReadonlyMap<string, readonly ScheduledChange[]>
  /** How many groups may fail in the whole run. */
  readonly maxFailures: number
}

/** Everything that is known about a run: the fold over its journal. Only {@link applyRecord} writes to it. */
export interface Progress {
  readonly runId: string
  readonly plan: Plan
  readonly schedule: Schedule
  readonly principal: Principal
  readonly approval: boolean
  /** The sequence number of the next record. */
  nextSeq: number
  /** When the last record was written. */
  updatedAt: number
  state: Exclude<RunState, 'interrupted'>
  waiting: WaitingRun | undefined
  /** Why the run goes back; undefined while it goes forward. */
  returning: string | undefined
  error: DescribedError | undefined
  halfDone: readonly string[]
  readonly gates: Map<
    string,
    { readonly state: 'asked' | 'passed' | 'refused'; readonly request?: string; readonly by?: string }
  >
  readonly changes: Map<ChangeKey, ChangeProgress>
  readonly steps: Map<string, StepProgress>
  /** What takes its time, by step or change. */
  readonly waits: Map<string, NotedWait>
  /** How often a group has begun; 1 when it is not listed. */
  readonly attempts: Map<string, number>
  /** Counts over `changes`, made when a decision first asks for them and kept up to date from then on. */
  standing: Standing | undefined
  /** Steps that began although the records of it were lost: `step#attempt`. */
  readonly adopted: Set<string>
  /** Whether records may be missing: then every step looks before it acts, and what does not fit stops the run. */
  isDoubtful: boolean
  /**
   * Changes that had not ended when records were lost: nobody knows how far they came, so that their failure proves
   * nothing. One that turns out not to have begun leaves.
   */
  readonly inDoubt: Set<ChangeKey>
}

/** A record as it is folded: with the time at which the store wrote it. */
export type TimedRecord = RunRecord & { readonly time: number }

/** The state of a run that has only been created. */
export function beginProgress(runId: string, first: TimedRecord): Progress {
  if (first.type !== 'run.created') {
    throw new VmunitError('ERR_STORE_DAMAGED', `The journal of run ${runId} does not begin with its plan.`, {
      details: { run: runId, seq: 1 },
    })
  }
  return {
    runId,
    plan: first.data.plan,
    schedule: scheduleOf(first.data.plan),
    principal: first.data.principal,
    approval: first.data.approval,
    nextSeq: 2,
    updatedAt: first.time,
    state: 'running',
    waiting: undefined,
    returning: undefined,
    error: undefined,
    halfDone: [],
    gates: new Map(),
    changes: new Map(),
    steps: new Map(),
    waits: new Map(),
    attempts: new Map(),
    standing: undefined,
    adopted: new Set(),
    isDoubtful: false,
    inDoubt: new Set(),
  }
}

/** Takes one more record into account. The order of records is the order of what happened. */
export function applyRecord(progress: Progress, record: TimedRecord): void {
  progress.nextSeq += 1
  foldWaits(progress.waits, record)
  progress.updatedAt = record.time
  switch (record.type) {
    case 'run.created':
      return
    case 'run.owned':
      progress.state = 'running'
      progress.waiting = undefined
      return
    case 'run.waiting':
      progress.state = 'waiting'
      progress.waiting = record.data
      return
    case 'run.reconciled':
      adopt(progress, record.data, record.time)
      return
    case 'run.paused':
      progress.state = 'paused'
      return
    case 'run.returning':
      progress.returning = record.data.reason
      progress.standing = undefined
      return
    case 'run.succeeded':
      progress.state = 'succeeded'
      return
    case 'run.failed':
      progress.state = 'failed'
      progress.error = record.data.error
      return
    case 'run.cancelled':
      progress.state = 'cancelled'
      progress.error = { code: 'ERR_CANCELLED', message: record.data.reason, details: { by: record.data.by } }
      progress.halfDone = record.data.halfDone
      return
    case 'gate.asked':
      progress.gates.set(record.data.gate, { state: 'asked', request: record.data.request })
      return
    case 'gate.passed':
      progress.gates.set(record.data.gate, { state: 'passed', by: record.data.by })
      return
    case 'gate.refused':
      progress.gates.set(record.data.gate, { state: 'refused', by: record.data.by })
      return
    case 'change.began':
      setChange(progress, record.data.change, { state: 'began', at: record.time })
      return
    case 'change.done':
      setChange(progress, record.data.change, { state: 'done', at: record.time })
      return
    case 'change.failed':
      setChange(progress, record.data.change, { state: 'failed', at: record.time, error: record.data.error })
      return
    case 'group.renewed':
      renewGroup(progress, record.data.group, record.data.attempt)
      return
    case 'step.began':
      progress.steps.set(record.data.step, { state: 'began', attempt: record.data.attempt })
      return
    case 'step.retried':
    case 'wait.noted':
      return
    case 'step.done':
      progress.steps.set(record.data.step, { state: 'done', attempt: record.data.attempt, output: record.data.output })
      return
    case 'step.skipped':
      progress.steps.set(record.data.step, { state: 'skipped', attempt: record.data.attempt })
      return
    case 'step.failed':
      progress.steps.set(record.data.step, { state: 'failed', attempt: record.data.attempt, error: record.data.error })
      return
    default:
      assertNever(record, 'journal record')
  }
}

function setChange(progress: Progress, key: ChangeKey, change: ChangeProgress): void {
  progress.changes.set(key, change)
  if (progress.standing !== undefined) noteChange(progress.standing, progress.changes, key)
}

function adopt(
  progress: Progress,
  { steps, passed, changes }: Extract<RunRecord, { readonly type: 'run.reconciled' }>['data'],
  at: number,
): void {
  doubt(progress)
  for (const { step, attempt } of steps) {
    progress.adopted.add(`${step}#${attempt}`)
    const group = groupOfStep(progress, step)
    if (group !== undefined && attempt > (progress.attempts.get(group) ?? 1)) renewGroup(progress, group, attempt)
  }
  for (const step of passed) progress.steps.set(step, { state: 'skipped', attempt: 1 })
  for (const change of changes) setChange(progress, change, { state: 'began', at })
}

/** From here on the journal is known to be incomplete, or may be. */
export function doubt(progress: Progress): void {
  progress.isDoubtful = true
  for (const { key } of progress.schedule.forward.flat()) {
    if ((progress.changes.get(key)?.state ?? 'began') === 'began') progress.inDoubt.add(key)
  }
}

/** Whether an operation id of this run belongs to something that its journal knows. */
export function knowsIntent(
  progress: Progress,
  { step, attempt }: { readonly step: string; readonly attempt: number },
): boolean {
  if (progress.adopted.has(`${step}#${attempt}`)) return true
  const known = progress.steps.get(step)
  if (known !== undefined && attempt <= known.attempt) return known.state !== 'skipped'
  // What a group did before it began anew is forgotten, but it was known.
  return attempt < (progress.attempts.get(groupOfStep(progress, step) ?? '') ?? 1)
}

function groupOfStep({ plan }: Progress, step: string): string | undefined {
  const changes = [...plan.phases, ...plan.back].flatMap((phase) => phase.changes)
  return changes.find((change) => stepsOf(plan, change).some(({ id }) => id === step))?.group
}

/** A group that begins anew forgets what its steps did, forward and back; their operation ids get a new attempt. */
function renewGroup(progress: Progress, group: string, attempt: number): void {
  progress.attempts.set(group, attempt)
  progress.returning = undefined
  progress.standing = undefined
  for (const { key, change } of progress.schedule.ofGroup.get(group) ?? []) {
    for (const step of stepsOf(progress.plan, change)) progress.steps.delete(step.id)
    progress.changes.delete(key)
  }
}

function scheduleOf({ phases, back, maxFailures }: Plan): Schedule {
  const changesOf = (direction: 'forward' | 'back', phase: Phase, index: number): readonly ScheduledChange[] =>
    phase.changes.map((change) => ({ key: changeKey(direction, index, change.group), change }))
  const schedule = {
    forward: phases.map((phase, index) => changesOf('forward', phase, index)),
    back: back.map((phase, index) => changesOf('back', phase, index)),
  }
  const ofGroup = Map.groupBy([...schedule.forward, ...schedule.back].flat(), ({ change }) => change.group)
  const groups = new Set(schedule.forward.flatMap((changes) => changes.map(({ change }) => change.group)))
  return {
    ...schedule,
    ofGroup,
    maxFailures: maxFailures === undefined ? Number.POSITIVE_INFINITY : countOf(maxFailures, groups.size, 'down'),
  }
}

/** The key of a change in its phase. */
export function changeKey(direction: 'forward' | 'back', phase: number, group: string): ChangeKey {
  return `${direction}:${phase}:${group}`
}

/** The group that a change of a {@link RunEvent} is about; a name may hold colons too. */
export function groupOfChange(key: ChangeKey): string {
  return key.slice(key.indexOf(':', key.indexOf(':') + 1) + 1)
}
