import type { Wave } from '../domain/plan.ts'
import type { ChangeKey } from '../domain/run-record.ts'
import type { ChangeProgress, ScheduledChange } from './scheduled-change.ts'

/** Where a wave stands: what a decision asks, kept up to date so that no decision has to pass over all groups. */
export interface WaveStanding {
  readonly wave: Wave
  /** How many of its groups may be in work at once. */
  readonly width: number
  readonly maxFailures: number
  /** In the order in which they begin. */
  readonly members: readonly ScheduledChange[]
  /** The place of the first member that has not begun. */
  next: number
  readonly running: Map<ChangeKey, TimedMember>
  failures: number
  /** Members that are done, by time; kept only where they soak. */
  readonly done: TimedMember[]
}

/** A member, and since when it has been where it is. */
export interface TimedMember {
  readonly at: number
  readonly member: ScheduledChange
}

/** Where the phases stand that a run has come to; made phase by phase, when a decision first asks. */
export interface Standing {
  readonly forward: (readonly WaveStanding[])[]
  readonly back: (readonly WaveStanding[])[]
  readonly places: Map<ChangeKey, { readonly wave: WaveStanding; readonly member: ScheduledChange }>
  /** The groups that the way back concerns: they do not change while the run is on it. */
  unfinished: ReadonlySet<string> | undefined
}

type Changes = ReadonlyMap<ChangeKey, ChangeProgress>

/** Takes into account what happened to a change. */
export function noteChange(standing: Standing, changes: Changes, key: ChangeKey): void {
  const place = standing.places.get(key)
  const change = changes.get(key)
  if (place === undefined || change === undefined) return
  note(place.wave, place.member, change)
  advance(place.wave, changes)
}

/** Counts the members of a wave as they stand now. */
export function survey(standing: Standing, changes: Changes, wave: WaveStanding): void {
  for (const member of wave.members) {
    standing.places.set(member.key, { wave, member })
    const change = changes.get(member.key)
    if (change !== undefined) note(wave, member, change)
  }
  advance(wave, changes)
}

function note(wave: WaveStanding, member: ScheduledChange, change: ChangeProgress): void {
  if (change.state === 'began') {
    wave.running.set(member.key, { at: change.at, member })
    return
  }
  wave.running.delete(member.key)
  if (change.state === 'failed') wave.failures += 1
  else if (wave.wave.soakMs !== undefined) insert(wave.done, { at: change.at, member })
}

/** Nearly always at the end, because time goes on. */
function insert(ascending: TimedMember[], timed: TimedMember): void {
  const before = ascending.findLastIndex(({ at }) => at <= timed.at)
  ascending.splice(before + 1, 0, timed)
}

function advance(wave: WaveStanding, changes: Changes): void {
  for (;;) {
    const member = wave.members[wave.next]
    if (member === undefined || !changes.has(member.key)) return
    wave.next += 1
  }
}
