import type { Plan } from '../../../../src/domain/plan.ts'
import { stepsOf } from '../../../../src/domain/planned-steps.ts'
import type { ChangeKey, RunRecord } from '../../../../src/domain/run-record.ts'
import { applyRecord, type Progress, type ScheduledChange } from '../../../../src/engine/progress.ts'
import { changesInFlight, type Decision, decide } from '../../../../src/engine/schedule.ts'
import { progressOf } from './synthetic-plan.ts'

/** How a change goes: it takes so long, and may fail with a code in one of its steps; -1: before the first. */
export interface Going {
  readonly ms: number
  readonly fails?: { readonly code: string; readonly step: number } | undefined
}

export interface Script {
  /** How the change of a group goes, in the attempt that it is. Asked again when it is carried on after a kill. */
  going(scheduled: ScheduledChange, attempt: number): Going
  /** When, after it was asked, an approval is answered, and how. Default: after a minute, approved. */
  answer?(gate: string): { readonly ms: number; readonly approve: boolean }
  /** Whether the process dies when it has written so many records. Default: never. */
  dies?(records: number): boolean
}

/** What happens in a run, in the order in which it happens. */
export interface Watcher {
  decided?(moment: Moment, decision: Decision): void
  began?(moment: Moment, scheduled: readonly ScheduledChange[]): void
  ended?(moment: Moment, scheduled: ScheduledChange, going: Going): void
  /** Another process has read the journal and carries on what was in flight. */
  takenOver?(moment: Moment, before: Moment): void
}

export interface Moment {
  readonly now: number
  readonly progress: Progress
  readonly inFlight: readonly ScheduledChange[]
}

interface Flying {
  readonly scheduled: ScheduledChange
  readonly going: Going
  readonly end: number
}

export interface VirtualRun {
  readonly plan: Plan
  readonly script: Script
  readonly watcher?: Watcher | undefined
  readonly approval?: boolean | undefined
  /** How many changes are in flight at most, however wide the waves are. */
  readonly capacity?: number | undefined
  /** A run that takes more decisions than this never ends. */
  readonly maxDecisions?: number | undefined
}

/** The process that moved the run is gone, in the middle of whatever it did. */
class Killed extends Error {}

/** Moves a run of this plan in virtual time, as the engine does, with scripted changes. */
export function runVirtually(run: VirtualRun): Progress {
  const { plan, script, watcher = {}, approval = false, capacity, maxDecisions = 100_000 } = run
  const journal: { readonly record: RunRecord; readonly time: number }[] = []
  const flying = new Map<ChangeKey, Flying>()
  let progress = progressOf(plan, approval)
  let now = 0
  let decisions = 0

  const moment = (): Moment => ({ now, progress, inFlight: [...flying.values()].map(({ scheduled }) => scheduled) })
  const attemptOf = ({ change }: ScheduledChange): number => progress.attempts.get(change.group) ?? 1

  function write(record: RunRecord): void {
    journal.push({ record, time: now })
    applyRecord(progress, { ...record, time: now })
    if (script.dies?.(journal.length)) throw new Killed()
  }

  function fly(scheduled: ScheduledChange): void {
    const going = script.going(scheduled, attemptOf(scheduled))
    flying.set(scheduled.key, { scheduled, going, end: now + going.ms })
  }

  function begin(scheduled: ScheduledChange): void {
    fly(scheduled)
    const { going } = flying.get(scheduled.key) ?? {}
    write({ type: 'change.began', data: { change: scheduled.key } })
    const [first] = stepsOf(progress.plan, scheduled.change)
    const attempt = attemptOf(scheduled)
    if (first !== undefined && going?.fails?.step !== -1)
      write({ type: 'step.began', data: { step: first.id, attempt } })
  }

  function end({ scheduled, going }: Flying): void {
    const { key, change } = scheduled
    const attempt = attemptOf(scheduled)
    const error = { code: (going.fails?.code ?? 'ERR_DRIVER') as 'ERR_DRIVER', message: 'it broke', details: {} }
    for (const [index, { id }] of stepsOf(progress.plan, change).entries()) {
      if (going.fails !== undefined && index > going.fails.step) break
      const known = progress.steps.get(id)?.state
      if (known === undefined) write({ type: 'step.began', data: { step: id, attempt } })
      if (known === 'done' || known === 'failed') continue
      if (index === going.fails?.step) write({ type: 'step.failed', data: { step: id, attempt, error } })
      else write({ type: 'step.done', data: { step: id, attempt, output: {} } })
    }
    flying.delete(key)
    const record: RunRecord =
      going.fails === undefined
        ? { type: 'change.done', data: { change: key } }
        : { type: 'change.failed', data: { change: key, error } }
    try {
      write(record)
    } finally {
      watcher.ended?.(moment(), scheduled, going)
    }
  }

  function advance(wakeAt: number | undefined): void {
    const next = [...flying.values()].toSorted((a, b) => a.end - b.end)[0]
    if (next !== undefined && (wakeAt === undefined || next.end <= wakeAt)) {
      now = next.end
      end(next)
    } else if (wakeAt !== undefined && wakeAt > now) now = wakeAt
    else throw new Error(`the run waits for nothing at ${now}`)
  }

  /** Another process: it knows the journal and nothing else. */
  function takeOver(): void {
    const before = moment()
    progress = progressOf(plan, approval)
    for (const { record, time } of journal) applyRecord(progress, { ...record, time })
    flying.clear()
    for (const scheduled of changesInFlight(progress)) fly(scheduled)
    watcher.takenOver?.(moment(), before)
  }

  /** True when the run has ended. */
  function decideOnce(): boolean {
    const decision = decide(progress, now, capacity)
    watcher.decided?.(moment(), decision)
    if (decision.type === 'carryOn') {
      try {
        for (const scheduled of decision.begin) begin(scheduled)
      } finally {
        const begun = decision.begin.filter(({ key }) => flying.has(key))
        if (begun.length > 0) watcher.began?.(moment(), begun)
      }
      advance(decision.wakeAt)
    } else if (flying.size > 0) advance(undefined)
    else if (decision.type === 'gate') {
      const { id, gate } = decision
      const asked = script.answer?.(id) ?? { ms: 60_000, approve: true }
      now = gate.kind === 'until' ? Math.max(now, gate.time ?? 0) : now + asked.ms
      if (gate.kind === 'approval' && !asked.approve) {
        write({ type: 'gate.refused', data: { gate: id, by: 'user_b' } })
        write({ type: 'run.cancelled', data: { reason: 'user_b refused', by: 'user_b', halfDone: [] } })
        return true
      }
      write({ type: 'gate.passed', data: { gate: id, by: 'user_b' } })
    } else if (decision.type === 'goBack') write({ type: 'run.returning', data: { reason: decision.reason } })
    else if (decision.type === 'renew') {
      for (const renewed of decision.groups) write({ type: 'group.renewed', data: renewed })
    } else {
      const error = { code: 'ERR_RUN_FAILED', message: 'failed', details: {} } as const
      write(
        decision.state === 'succeeded' ? { type: 'run.succeeded', data: {} } : { type: 'run.failed', data: { error } },
      )
      return true
    }
    return false
  }

  for (;;) {
    try {
      while (decisions < maxDecisions) {
        decisions += 1
        if (decideOnce()) return progress
      }
      throw new Error(`the run took more than ${maxDecisions} decisions (now ${now})`)
    } catch (error) {
      if (!(error instanceof Killed)) throw error
      takeOver()
      if (['succeeded', 'failed', 'cancelled'].includes(progress.state)) return progress
    }
  }
}
