import type { Gate } from '../domain/plan.ts'
import { nameSome } from '../internal/name-some.ts'
import { changeKey, type Progress, type ScheduledChange } from './progress.ts'
import type { WaveStanding } from './standing.ts'
import { backWaves, failedOf, forwardWaves, returningGroups } from './waves.ts'

/** What to do next. Changes that have begun and not ended are always carried on, first of all. */
export type Decision =
  | { readonly type: 'carryOn'; readonly begin: readonly ScheduledChange[]; readonly wakeAt?: number }
  | { readonly type: 'gate'; readonly id: string; readonly gate: Gate }
  | { readonly type: 'goBack'; readonly reason: string }
  | { readonly type: 'renew'; readonly groups: readonly { readonly group: string; readonly attempt: number }[] }
  | { readonly type: 'end'; readonly state: 'succeeded' | 'failed' }

/** The gate in front of the whole run, when it was started with an approval. */
export const START_GATE = 'start'

/**
 * Decides what a run does next: a pure function of its plan, what has happened so far, and the time.
 *
 * Between phases is a barrier. Inside one, a wave's width limits how many groups are disturbed at once, a group that
 * soaks still counts, and when more groups failed than the wave or the plan allows, nothing new begins. However wide
 * the waves are, no more than `capacity` changes are in flight.
 */
export function decide(progress: Progress, now: number, capacity: number = Number.POSITIVE_INFINITY): Decision {
  const { plan } = progress
  if (progress.approval && progress.gates.get(START_GATE)?.state !== 'passed') {
    const text = `Start ${plan.operation.name} on ${plan.claims.join(', ')}`
    return { type: 'gate', id: START_GATE, gate: { kind: 'approval', text } }
  }
  return progress.returning === undefined ? goForward(progress, { now, capacity }) : goBack(progress, capacity)
}

/** Changes that have begun and not ended: what an earlier owner had in flight. */
export function changesInFlight({ schedule, changes }: Progress): readonly ScheduledChange[] {
  return [...schedule.forward.flat(), ...schedule.back.flat()].filter(({ key }) => changes.get(key)?.state === 'began')
}

interface Moment {
  readonly now: number
  readonly capacity: number
}

function goForward(progress: Progress, moment: Moment): Decision {
  let failed = 0
  for (const index of progress.plan.phases.keys()) {
    const waves = forwardWaves(progress, index)
    for (const wave of waves) failed += wave.failures
    const isSpent = failed > progress.schedule.maxFailures
    const decision = decidePhase(progress, { ...moment, index, waves, isSpent })
    if (decision !== undefined) return decision
  }
  if (failed > 0) return { type: 'goBack', reason: reasonOf(progress, allFailures(progress)) }
  return { type: 'end', state: 'succeeded' }
}

interface PhaseInProgress extends Moment {
  readonly index: number
  readonly waves: readonly WaveStanding[]
  /** Whether more groups failed than the whole run may lose. */
  readonly isSpent: boolean
}

/** What to do in this phase; undefined when it is over. */
function decidePhase(progress: Progress, current: PhaseInProgress): Decision | undefined {
  const { index, waves, isSpent, now, capacity } = current
  for (const [number, standing] of waves.entries()) {
    const { wave, running, failures } = standing
    if (standing.members.length === 0) return undefined
    const soaking = soakOf([standing], now)
    const isHeld = isSpent || failures + overdue(standing, now) > standing.maxFailures
    if (isHeld && running.size > 0) return { type: 'carryOn', begin: [] }
    if (isHeld) {
      const failed = isSpent ? allFailures(progress) : failedOf(progress, [standing])
      return { type: 'goBack', reason: reasonOf(progress, failed) }
    }
    if (standing.next < standing.members.length) {
      const gate = `wave:${index}:${number}`
      if (wave.gate !== undefined && progress.gates.get(gate)?.state !== 'passed') {
        return { type: 'gate', id: gate, gate: wave.gate }
      }
      // A group that is begun anew meets those of later waves, which may soak yet.
      const { count, wake } = soakOf(waves.slice(number), now)
      const room = Math.min(standing.width - running.size - count, capacity - running.size)
      const [flying] = running.values()
      const disturbed = (flying ?? soaking.first)?.member
      return { type: 'carryOn', begin: nextOf(progress, standing, { room, disturbed }), ...wake }
    }
    if (running.size > 0 || soaking.count > 0) return { type: 'carryOn', begin: [], ...soaking.wake }
  }
  return undefined
}

/** The groups of some waves that are done and still watched. */
interface Soak {
  readonly count: number
  readonly first: WaveStanding['done'][number] | undefined
  /** When the first of them has soaked. */
  readonly wake: { readonly wakeAt?: number }
}

function soakOf(waves: readonly WaveStanding[], now: number): Soak {
  let count = 0
  let first: Soak['first']
  let wakeAt = Number.POSITIVE_INFINITY
  for (const standing of waves) {
    const { wave, done } = standing
    const soaked = firstSoaking(standing, now)
    count += done.length - soaked
    const next = done[soaked]
    first ??= next
    if (next !== undefined) wakeAt = Math.min(wakeAt, next.at + (wave.soakMs ?? 0))
  }
  return { count, first, wake: count === 0 ? {} : { wakeAt } }
}

/** The place of the first that still soaks. */
function firstSoaking({ wave: { soakMs = 0 }, done }: WaveStanding, now: number): number {
  let low = 0
  let high = done.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((done[middle]?.at ?? 0) + soakMs > now) high = middle
    else low = middle + 1
  }
  return low
}

/** How many members take longer than they may. */
function overdue({ wave: { deadlineMs }, running }: WaveStanding, now: number): number {
  if (deadlineMs === undefined) return 0
  let count = 0
  for (const { at } of running.values()) if (at + deadlineMs <= now) count += 1
  return count
}

interface Room {
  readonly room: number
  /** A member that is disturbed now, when there is one. */
  readonly disturbed: ScheduledChange | undefined
}

/** The members that begin now. Where a wave goes by failure domain, it leaves one before it enters the next. */
function nextOf({ changes }: Progress, standing: WaveStanding, { room, disturbed }: Room): readonly ScheduledChange[] {
  const { members, next, wave } = standing
  const { failureDomain } = (disturbed ?? members[next])?.change ?? {}
  const begin: ScheduledChange[] = []
  for (let place = next; begin.length < room; place += 1) {
    const member = members[place]
    if (member === undefined) break
    if (wave.failureDomains === 'oneByOne' && member.change.failureDomain !== failureDomain) break
    if (!changes.has(member.key)) begin.push(member)
  }
  return begin
}

/** The failures of all phases that the run has come to. */
function allFailures(progress: Progress): readonly ScheduledChange[] {
  return failedOf(progress, progress.standing?.forward.flat() ?? [])
}

function namesOf(failures: readonly ScheduledChange[]): string {
  return nameSome(failures.map(({ change }) => change.group))
}

function reasonOf({ changes }: Progress, failures: readonly ScheduledChange[]): string {
  const first = failures[0] && changes.get(failures[0].key)
  const message = first?.state === 'failed' ? first.error.message : 'unknown'
  return `${namesOf(failures)} failed: ${message.replace(/\.$/, '')}`
}

/** The way back concerns the groups that the run began and did not finish; a failure there is kept, and the rest goes on. */
function goBack(progress: Progress, capacity: number): Decision {
  for (const index of progress.plan.back.keys()) {
    for (const standing of backWaves(progress, index)) {
      const { members, next, running } = standing
      const room = { room: capacity - running.size, disturbed: undefined }
      if (next < members.length) return { type: 'carryOn', begin: nextOf(progress, standing, room) }
      if (running.size > 0) return { type: 'carryOn', begin: [] }
    }
  }
  return renewal(progress) ?? { type: 'end', state: 'failed' }
}

/** Groups whose jobs ended without an exit code begin anew, as often as the plan allows, unless others failed for good. */
function renewal(progress: Progress): Decision | undefined {
  const groups = [...returningGroups(progress)]
  if (groups.length === 0 || !groups.every((group) => isRenewable(progress, group))) return undefined
  const renewed = groups.map((group) => ({ group, attempt: (progress.attempts.get(group) ?? 1) + 1 }))
  return { type: 'renew', groups: renewed }
}

function isRenewable(progress: Progress, group: string): boolean {
  if ((progress.attempts.get(group) ?? 1) >= progress.plan.attempts) return false
  const changes = progress.plan.phases.map((_phase, index) => progress.changes.get(changeKey('forward', index, group)))
  const failures = changes.filter((change) => change?.state === 'failed')
  return failures.some((change) => change?.state === 'failed' && change.error.code === 'ERR_JOB_UNKNOWN')
}
