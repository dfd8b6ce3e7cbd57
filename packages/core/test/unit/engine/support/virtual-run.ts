import type { Plan } from '../../../../src/domain/plan.ts'
import type { ChangeKey, RunRecord } from '../../../../src/domain/run-record.ts'
import { applyRecord, type Progress, type ScheduledChange } from '../../../../src/engine/progress.ts'
import { type Decision, decide, START_GATE } from '../../../../src/engine/schedule.ts'
import { progressOf } from './synthetic-plan.ts'

/** How a change goes: it takes so long, and may fail with a code in one of its steps; -1: before the first. */
export interface Going {
  readonly ms: number
  readonly fails?: { readonly code: string; readonly step: number } | undefined
}

export interface Script {
  /** How the change of a group goes, in the attempt that it is. */
  going(scheduled: ScheduledChange, attempt: number): Going
  /** When, after it was asked, an approval is answered, and how. Default: after a minute, approved. */
  answer?(gate: string): { readonly ms: number; readonly approve: boolean }
}

/** What happens in a run, in the order in which it happens. */
export interface Watcher {
  decided?(moment: Moment, decision: Decision): void
  began?(moment: Moment, scheduled: readonly ScheduledChange[]): void
  ended?(moment: Moment, scheduled: ScheduledChange, going: Going): void
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
  /** A run that takes more decisions than this never ends. */
  readonly maxDecisions?: number | undefined
}

/** Moves a run of this plan in virtual time, as the engine does, with scripted changes. */
export function runVirtually(run: VirtualRun): Progress {
  const { plan, script, watcher = {}, approval = false, maxDecisions = 100_000 } = run
  const progress = progressOf(plan, approval)
  const flying = new Map<ChangeKey, Flying>()
  let now = 0

  const write = (record: RunRecord): void => applyRecord(progress, { ...record, time: now })
  const moment = (): Moment => ({ now, progress, inFlight: [...flying.values()].map(({ scheduled }) => scheduled) })

  function begin(scheduled: ScheduledChange): void {
    const attempt = progress.attempts.get(scheduled.change.group) ?? 1
    const going = script.going(scheduled, attempt)
    write({ type: 'change.began', data: { change: scheduled.key } })
    const [first] = scheduled.change.steps
    if (first !== undefined && going.fails?.step !== -1)
      write({ type: 'step.began', data: { step: first.id, attempt } })
    flying.set(scheduled.key, { scheduled, going, end: now + going.ms })
  }

  function end({ scheduled, going }: Flying): void {
    const { key, change } = scheduled
    const attempt = progress.attempts.get(change.group) ?? 1
    const error = { code: (going.fails?.code ?? 'ERR_DRIVER') as 'ERR_DRIVER', message: 'it broke', details: {} }
    for (const [index, { id }] of change.steps.entries()) {
      if (going.fails !== undefined && index > going.fails.step) break
      const failsHere = index === going.fails?.step
      if (index > 0) write({ type: 'step.began', data: { step: id, attempt } })
      if (failsHere) write({ type: 'step.failed', data: { step: id, attempt, error } })
      else write({ type: 'step.done', data: { step: id, attempt, output: {} } })
    }
    flying.delete(key)
    if (going.fails === undefined) write({ type: 'change.done', data: { change: key } })
    else write({ type: 'change.failed', data: { change: key, error } })
    watcher.ended?.(moment(), scheduled, going)
  }

  function advance(wakeAt: number | undefined): void {
    const next = [...flying.values()].toSorted((a, b) => a.end - b.end)[0]
    if (next !== undefined && (wakeAt === undefined || next.end <= wakeAt)) {
      now = next.end
      end(next)
    } else if (wakeAt !== undefined && wakeAt > now) now = wakeAt
    else throw new Error(`the run waits for nothing at ${now}`)
  }

  for (let decisions = 1; decisions <= maxDecisions; decisions += 1) {
    const decision = decide(progress, now)
    watcher.decided?.(moment(), decision)
    if (decision.type === 'carryOn') {
      for (const scheduled of decision.begin) begin(scheduled)
      if (decision.begin.length > 0) watcher.began?.(moment(), decision.begin)
      advance(decision.wakeAt)
    } else if (flying.size > 0) advance(undefined)
    else if (decision.type === 'gate') {
      const { id, gate } = decision
      const asked = script.answer?.(id) ?? { ms: 60_000, approve: true }
      now = gate.kind === 'until' ? Math.max(now, gate.time ?? 0) : now + asked.ms
      if (gate.kind === 'approval' && !asked.approve) {
        write({ type: 'gate.refused', data: { gate: id, by: 'user_b' } })
        write({ type: 'run.cancelled', data: { reason: 'user_b refused', by: 'user_b', halfDone: [] } })
        return progress
      }
      write({ type: 'gate.passed', data: { gate: id, by: 'user_b' } })
    } else if (decision.type === 'goBack') write({ type: 'run.returning', data: { reason: decision.reason } })
    else if (decision.type === 'renew') {
      write({ type: 'group.renewed', data: { group: decision.group, attempt: decision.attempt } })
    } else {
      const error = { code: 'ERR_RUN_FAILED', message: 'failed', details: {} } as const
      write(
        decision.state === 'succeeded' ? { type: 'run.succeeded', data: {} } : { type: 'run.failed', data: { error } },
      )
      return progress
    }
  }
  throw new Error(`the run took more than ${maxDecisions} decisions (${START_GATE} at 0, now ${now})`)
}
