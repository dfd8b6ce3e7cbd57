import type { Gate, Phase } from '../domain/plan.ts'
import { countOf, waveWidth } from '../domain/share.ts'
import { type ChangeProgress, changeKey, type Progress, type ScheduledChange } from './progress.ts'

/** What to do next. Changes that have begun and not ended are always carried on, first of all. */
export type Decision =
  | { readonly type: 'carryOn'; readonly begin: readonly ScheduledChange[]; readonly wakeAt?: number }
  | { readonly type: 'gate'; readonly id: string; readonly gate: Gate }
  | { readonly type: 'goBack'; readonly reason: string }
  | { readonly type: 'renew'; readonly group: string; readonly attempt: number }
  | { readonly type: 'end'; readonly state: 'succeeded' | 'failed' }

/** The gate in front of the whole run, when it was started with an approval. */
export const START_GATE = 'start'

/**
 * Decides what a run does next: a pure function of its plan, what has happened so far, and the time.
 *
 * Between phases is a barrier. Inside one, a wave's width limits how many groups are disturbed at once, a group that
 * soaks still counts, and when more groups failed than the wave allows, nothing new begins.
 */
export function decide(progress: Progress, now: number): Decision {
  const { plan } = progress
  if (progress.approval && progress.gates.get(START_GATE)?.state !== 'passed') {
    const text = `Start ${plan.operation.name} on ${plan.claims.join(', ')}`
    return { type: 'gate', id: START_GATE, gate: { kind: 'approval', text } }
  }
  return progress.returning === undefined ? goForward(progress, now) : goBack(progress)
}

/** Changes that have begun and not ended: what an earlier owner had in flight. */
export function changesInFlight({ schedule, changes }: Progress): readonly ScheduledChange[] {
  return [...schedule.forward.flat(), ...schedule.back.flat()].filter(({ key }) => changes.get(key)?.state === 'began')
}

function goForward(progress: Progress, now: number): Decision {
  const failed = new Set<string>()
  for (const [index, phase] of progress.plan.phases.entries()) {
    const all = progress.schedule.forward[index] ?? []
    const scheduled = failed.size === 0 ? all : all.filter(({ change }) => !failed.has(change.group))
    const decision = decidePhase(progress, { phase, index, scheduled, now })
    if (decision !== undefined) return decision
    for (const { key, change } of scheduled) {
      if (progress.changes.get(key)?.state === 'failed') failed.add(change.group)
    }
  }
  if (failed.size > 0) return { type: 'goBack', reason: `${[...failed].join(', ')} failed` }
  return { type: 'end', state: 'succeeded' }
}

interface PhaseInProgress {
  readonly phase: Phase
  readonly index: number
  readonly scheduled: readonly ScheduledChange[]
  readonly now: number
}

/** What to do in this phase; undefined when it is over. */
function decidePhase(progress: Progress, current: PhaseInProgress): Decision | undefined {
  const { phase, index, scheduled, now } = current
  const total = phase.changes.length
  let from = 0
  for (const [number, wave] of phase.waves.entries()) {
    const isLast = number === phase.waves.length - 1
    const width = waveWidth(wave.groups, total)
    const members = scheduled.slice(from, isLast ? undefined : from + width)
    from += members.length
    if (members.length === 0) return undefined

    const { running, waiting, failures, soakEnds } = survey(progress, members, { now, soakMs: wave.soakMs ?? 0 })
    if (failures.length > countOf(wave.maxFailures ?? 0, total, 'down')) {
      if (running > 0) return { type: 'carryOn', begin: [] }
      return { type: 'goBack', reason: reasonOf(progress, failures) }
    }
    const wakeAt = soakEnds.length > 0 ? { wakeAt: Math.min(...soakEnds) } : {}
    if (waiting.length > 0) {
      const gate = `wave:${index}:${number}`
      if (wave.gate !== undefined && progress.gates.get(gate)?.state !== 'passed') {
        return { type: 'gate', id: gate, gate: wave.gate }
      }
      const room = Math.max(0, width - running - soakEnds.length)
      return { type: 'carryOn', begin: waiting.slice(0, room), ...wakeAt }
    }
    if (running > 0 || soakEnds.length > 0) return { type: 'carryOn', begin: [], ...wakeAt }
  }
  return undefined
}

interface Survey {
  readonly running: number
  readonly waiting: readonly ScheduledChange[]
  readonly failures: readonly ScheduledChange[]
  readonly soakEnds: readonly number[]
}

/** Where the members of a wave stand, in one pass: this is asked after every change of a run. */
function survey(
  { changes }: Progress,
  members: readonly ScheduledChange[],
  { now, soakMs }: { readonly now: number; readonly soakMs: number },
): Survey {
  let running = 0
  const waiting: ScheduledChange[] = []
  const failures: ScheduledChange[] = []
  const soakEnds: number[] = []
  for (const member of members) {
    const change = changes.get(member.key)
    if (change === undefined) waiting.push(member)
    else if (change.state === 'began') running += 1
    else if (change.state === 'failed') failures.push(member)
    else if (change.at + soakMs > now) soakEnds.push(change.at + soakMs)
  }
  return { running, waiting, failures, soakEnds }
}

function reasonOf({ changes }: Progress, failures: readonly ScheduledChange[]): string {
  const first: ChangeProgress | undefined = failures[0] && changes.get(failures[0].key)
  const message = first?.state === 'failed' ? first.error.message : 'unknown'
  return `${failures.map(({ change }) => change.group).join(', ')} failed: ${message.replace(/\.$/, '')}`
}

/** The way back concerns the groups that the run began and did not finish; a failure there is kept, and the rest goes on. */
function goBack(progress: Progress): Decision {
  const unfinished = unfinishedGroups(progress)
  for (const all of progress.schedule.back) {
    const scheduled = all.filter(({ change }) => unfinished.has(change.group))
    const begin = scheduled.filter(({ key }) => progress.changes.get(key) === undefined)
    const running = scheduled.some(({ key }) => progress.changes.get(key)?.state === 'began')
    if (begin.length > 0 || running) return { type: 'carryOn', begin }
  }
  return renewal(progress, unfinished) ?? { type: 'end', state: 'failed' }
}

/** Groups whose jobs ended without an exit code begin anew, as often as the plan allows, unless others failed for good. */
function renewal(progress: Progress, unfinished: ReadonlySet<string>): Decision | undefined {
  const groups = [...unfinished]
  const renewable = groups.filter((group) => isRenewable(progress, group))
  const [group] = renewable
  if (group === undefined || renewable.length < groups.length) return undefined
  return { type: 'renew', group, attempt: (progress.attempts.get(group) ?? 1) + 1 }
}

function isRenewable(progress: Progress, group: string): boolean {
  if ((progress.attempts.get(group) ?? 1) >= progress.plan.attempts) return false
  const changes = progress.plan.phases.map((_phase, index) => progress.changes.get(changeKey('forward', index, group)))
  const failures = changes.filter((change) => change?.state === 'failed')
  return failures.some((change) => change?.state === 'failed' && change.error.code === 'ERR_JOB_UNKNOWN')
}

/**
 * Groups that the run began and did not finish, as far as there is a way back: at least one step began, not every
 * change is done, and no step after which there is no way back. A group found stale was never begun.
 */
export function unfinishedGroups(progress: Progress): ReadonlySet<string> {
  const begun = new Set<string>()
  const incomplete = new Set<string>()
  const settled = new Set<string>()
  for (const scheduled of progress.schedule.forward) {
    const steps = scheduled.flatMap(({ change }) => change.steps)
    const isSettling = steps.every((step) => step.final === true)
    // Where a whole phase settles, one group that began it commits them all.
    if (isSettling && steps.some((step) => progress.steps.has(step.id))) return new Set()
    for (const { key, change } of scheduled) {
      const known = change.steps.filter((step) => progress.steps.has(step.id))
      if (known.length > 0) begun.add(change.group)
      if (known.some((step) => step.final === true)) settled.add(change.group)
      if (progress.changes.get(key)?.state !== 'done') incomplete.add(change.group)
    }
  }
  return begun.intersection(incomplete).difference(settled)
}
