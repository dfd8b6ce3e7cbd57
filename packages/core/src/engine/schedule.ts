import type { Change, Gate, Phase } from '../domain/plan.ts'
import type { ChangeKey } from '../domain/run-record.ts'
import { countOf, waveWidth } from '../domain/share.ts'
import { type ChangeProgress, changeKey, type Progress } from './progress.ts'

/** A change and where it stands in the plan. */
export interface ScheduledChange {
  readonly key: ChangeKey
  readonly change: Change
}

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
export function changesInFlight(progress: Progress): readonly ScheduledChange[] {
  const { phases, back } = progress.plan
  const all = [
    ...phases.flatMap((phase, index) => scheduleOf('forward', index, phase)),
    ...back.flatMap((phase, index) => scheduleOf('back', index, phase)),
  ]
  return all.filter(({ key }) => progress.changes.get(key)?.state === 'began')
}

function goForward(progress: Progress, now: number): Decision {
  const failed = new Set<string>()
  for (const [index, phase] of progress.plan.phases.entries()) {
    const scheduled = scheduleOf('forward', index, phase).filter(({ change }) => !failed.has(change.group))
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
  const state = (item: ScheduledChange): ChangeProgress | undefined => progress.changes.get(item.key)
  const total = phase.changes.length
  let rest = scheduled
  for (const [number, wave] of phase.waves.entries()) {
    if (rest.length === 0) return undefined
    const isLast = number === phase.waves.length - 1
    const width = waveWidth(wave.groups, total)
    const members = isLast ? rest : rest.slice(0, width)
    rest = rest.slice(members.length)

    const failures = members.filter((item) => state(item)?.state === 'failed')
    const running = members.filter((item) => state(item)?.state === 'began').length
    const waiting = members.filter((item) => state(item) === undefined)
    const allowed = countOf(wave.maxFailures ?? 0, total, 'down')
    if (failures.length > allowed) {
      if (running > 0) return { type: 'carryOn', begin: [] }
      return { type: 'goBack', reason: reasonOf(failures, state) }
    }
    const soakEnds = members
      .map((item) => state(item))
      .filter((change) => change?.state === 'done')
      .map((change) => (change?.at ?? 0) + (wave.soakMs ?? 0))
      .filter((end) => end > now)
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

function reasonOf(
  failures: readonly ScheduledChange[],
  state: (item: ScheduledChange) => ChangeProgress | undefined,
): string {
  const first = failures[0]
  const progress = first === undefined ? undefined : state(first)
  const message = progress?.state === 'failed' ? progress.error.message : 'unknown'
  return `${failures.map((item) => item.change.group).join(', ')} failed: ${message.replace(/\.$/, '')}`
}

/** The way back concerns the groups that the run began and did not finish; a failure there is kept, and the rest goes on. */
function goBack(progress: Progress): Decision {
  const unfinished = unfinishedGroups(progress)
  for (const [index, phase] of progress.plan.back.entries()) {
    const scheduled = scheduleOf('back', index, phase).filter(({ change }) => unfinished.has(change.group))
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
  for (const [index, phase] of progress.plan.phases.entries()) {
    const steps = phase.changes.flatMap((change) => change.steps)
    const isSettling = steps.every((step) => step.final === true)
    // Where a whole phase settles, one group that began it commits them all.
    if (isSettling && steps.some((step) => progress.steps.has(step.id))) return new Set()
    for (const { key, change } of scheduleOf('forward', index, phase)) {
      const known = change.steps.filter((step) => progress.steps.has(step.id))
      if (known.length > 0) begun.add(change.group)
      if (known.some((step) => step.final === true)) settled.add(change.group)
      if (progress.changes.get(key)?.state !== 'done') incomplete.add(change.group)
    }
  }
  return begun.intersection(incomplete).difference(settled)
}

function scheduleOf(direction: 'forward' | 'back', index: number, phase: Phase): readonly ScheduledChange[] {
  return phase.changes.map((change) => ({ key: changeKey(direction, index, change.group), change }))
}
