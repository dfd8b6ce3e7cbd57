import { isDeepStrictEqual } from 'node:util'
import type { Phase, Plan, Wave } from '../../../../src/domain/plan.ts'
import type { ChangeKey } from '../../../../src/domain/run-record.ts'
import { countOf, waveWidth, widthInWork } from '../../../../src/domain/share.ts'
import { type ChangeProgress, changeKey, type Progress, type ScheduledChange } from '../../../../src/engine/progress.ts'
import { changesInFlight, decide } from '../../../../src/engine/schedule.ts'
import type { Moment, Watcher } from './virtual-run.ts'

/** Watches a run and throws, with the name of the rule, as soon as one of the rules of scheduling is broken. */
export function invariants(plan: Plan, capacity: number = Number.POSITIVE_INFINITY): Watcher {
  const begun = new Set<string>()
  const rule = (name: string, holds: boolean): void => {
    if (!holds) throw new Error(`broken: ${name}`)
  }
  return {
    decided({ now, progress, inFlight }, decision) {
      // What was counted on the way must be what somebody would count who only now reads the journal.
      const anew = decide({ ...progress, standing: undefined }, now, capacity)
      rule('a decision does not depend on earlier ones', isDeepStrictEqual(decision, anew))
      const known = changesInFlight(progress).map(({ key }) => key)
      const flying = new Set<string>(inFlight.map(({ key }) => key))
      rule('all that began and has not ended is in flight', known.length === flying.size)
      rule(
        'nothing else is in flight',
        known.every((key) => flying.has(key)),
      )
    },
    takenOver(after, before) {
      const known = new Set(after.inFlight.map(({ key }) => key))
      const lost = before.inFlight.filter(({ key }) => !known.has(key))
      rule(
        'what was in flight is carried on first',
        lost.every(({ key }) => before.progress.changes.get(key)?.state !== 'began'),
      )
      rule(
        'a takeover begins nothing new',
        after.inFlight.every(({ key }) => begunBefore(before, key)),
      )
    },
    ended(moment) {
      checkUnavailable(plan, moment, rule)
    },
    began(moment, scheduled) {
      rule(`no more than ${capacity} are in flight`, moment.inFlight.length <= capacity)
      checkUnavailable(plan, moment, rule)
      for (const item of scheduled) {
        const { direction, index, phase } = placeOf(plan, item)
        const attempt = moment.progress.attempts.get(item.change.group) ?? 1
        const once = `${item.key}#${attempt}`
        rule(`${once} begins once`, !begun.has(once))
        begun.add(once)
        rule(
          'nothing of another phase is in flight',
          moment.inFlight.every((other) => isSamePhase(other, item)),
        )
        rule(
          'one change of a group at a time',
          moment.inFlight.filter((o) => o.change.group === item.change.group).length === 1,
        )
        if (direction === 'back') {
          rule('back only when returning', moment.progress.returning !== undefined)
          rule(
            'back only for groups that began',
            [...begun].some((key) => key.startsWith('forward:') && key.includes(`:${item.change.group}#`)),
          )
          continue
        }
        rule('forward only when not returning', moment.progress.returning === undefined)
        rule('a group that failed does not begin later', !failedBefore(moment.progress, index, item.change.group))
        checkWave(moment, { index, phase, item }, rule)
      }
    },
  }
}

function begunBefore({ progress }: Moment, key: ChangeKey): boolean {
  return progress.changes.get(key)?.state === 'began'
}

/** Never more groups of a phase are out of service than its widest wave and its failures allow. */
function checkUnavailable(plan: Plan, { now, progress }: Moment, rule: Rule): void {
  if (progress.returning !== undefined) return
  for (const [index, phase] of plan.phases.entries()) {
    for (const { wave, groups } of membersOfWaves(progress, index, phase)) {
      const out = groups.filter((group) => isOut(progress.changes.get(changeKey('forward', index, group)), wave, now))
      // Changes that were in flight when the budget was spent may fail too.
      const allowed =
        widthInWork(wave, phase.changes.length) + countOf(wave.maxFailures ?? 0, phase.changes.length, 'down')
      rule(`no more than ${allowed} are out: ${out.join(', ')}`, out.length <= allowed)
    }
  }
}

function isOut(change: ChangeProgress | undefined, { soakMs = 0 }: Wave, now: number): boolean {
  return change !== undefined && (change.state !== 'done' || change.at + soakMs > now)
}

/** What must hold when the run is over. */
export function checkEnd(plan: Plan, progress: Progress): void {
  const all = plan.phases.flatMap((phase, index) =>
    phase.changes.map(({ group }) => changeKey('forward', index, group)),
  )
  const isDone = all.every((key) => progress.changes.get(key)?.state === 'done')
  if ((progress.state === 'succeeded') !== isDone) throw new Error(`broken: ${progress.state}, all done: ${isDone}`)
  const flying = [...progress.changes].filter(([, { state }]) => state === 'began')
  if (flying.length > 0)
    throw new Error(`broken: the run ended while ${flying.map(([key]) => key).join(', ')} were in flight`)
}

type Rule = (name: string, holds: boolean) => void

function checkWave(
  { now, progress }: Moment,
  { index, phase, item }: { readonly index: number; readonly phase: Phase; readonly item: ScheduledChange },
  rule: Rule,
): void {
  const waves = membersOfWaves(progress, index, phase)
  const number = waves.findIndex(({ groups }) => groups.includes(item.change.group))
  const here = waves[number]
  if (here === undefined) throw new Error(`broken: ${item.key} is in no wave`)
  const total = phase.changes.length
  const stateOf = (group: string): ReturnType<Progress['changes']['get']> =>
    progress.changes.get(changeKey('forward', index, group))
  const occupied = waves.flatMap(({ wave, groups }) =>
    groups.filter((group) => {
      const change = stateOf(group)
      return change?.state === 'began' || (change?.state === 'done' && change.at + (wave.soakMs ?? 0) > now)
    }),
  )
  rule(
    `wave ${number} is ${widthInWork(here.wave, total)} wide, taken by ${occupied.join(', ')}`,
    occupied.length <= widthInWork(here.wave, total),
  )
  const failures = here.groups.filter((group) => stateOf(group)?.state === 'failed').length
  const budget = countOf(here.wave.maxFailures ?? 0, total, 'down')
  rule('nothing begins beyond the failure budget', failures <= budget)
  const { deadlineMs = Number.POSITIVE_INFINITY } = here.wave
  const late = here.groups.filter((group) => {
    const change = stateOf(group)
    return change?.state === 'began' && change.at + deadlineMs <= now
  })
  rule('nothing begins while too many take too long', late.length + failures <= budget)
  rule('nothing begins beyond the budget of the run', failedGroups(progress) <= budgetOf(progress.plan))
  if (here.wave.failureDomains === 'oneByOne') {
    const domains = new Set(
      phase.changes.filter(({ group }) => occupied.includes(group)).map(({ failureDomain }) => failureDomain),
    )
    rule(`one failure domain at a time, not ${[...domains].join(', ')}`, domains.size === 1)
  }
  rule(
    'the gate was passed',
    here.wave.gate === undefined || progress.gates.get(`wave:${index}:${number}`)?.state === 'passed',
  )
  const earlier = waves.slice(0, number).flatMap(({ groups }) => groups)
  rule(
    'earlier waves are over',
    earlier.every((group) => ['done', 'failed'].includes(stateOf(group)?.state ?? 'waiting')),
  )
}

function failedGroups({ plan, changes }: Progress): number {
  const failed = plan.phases.flatMap((phase, index) =>
    phase.changes.filter(({ group }) => changes.get(changeKey('forward', index, group))?.state === 'failed'),
  )
  return new Set(failed.map(({ group }) => group)).size
}

function budgetOf({ phases, maxFailures }: Plan): number {
  const groups = new Set(phases.flatMap(({ changes }) => changes.map(({ group }) => group)))
  return maxFailures === undefined ? Number.POSITIVE_INFINITY : countOf(maxFailures, groups.size, 'down')
}

function membersOfWaves(
  progress: Progress,
  index: number,
  phase: Phase,
): readonly { readonly wave: Wave; readonly groups: readonly string[] }[] {
  let rest = phase.changes.map(({ group }) => group).filter((group) => !failedBefore(progress, index, group))
  return phase.waves.map((wave, number) => {
    const isLast = number === phase.waves.length - 1
    const groups = isLast ? rest : rest.slice(0, waveWidth(wave.groups, phase.changes.length))
    rest = rest.slice(groups.length)
    return { wave, groups }
  })
}

function failedBefore(progress: Progress, index: number, group: string): boolean {
  return progress.plan.phases
    .slice(0, index)
    .some((_phase, earlier) => progress.changes.get(changeKey('forward', earlier, group))?.state === 'failed')
}

function placeOf(
  plan: Plan,
  { key }: ScheduledChange,
): { readonly direction: string; readonly index: number; readonly phase: Phase } {
  const [direction = '', number] = key.split(':')
  const index = Number(number)
  const phase = (direction === 'back' ? plan.back : plan.phases)[index]
  if (phase === undefined) throw new Error(`broken: no phase for ${key}`)
  return { direction, index, phase }
}

function isSamePhase(a: ScheduledChange, b: ScheduledChange): boolean {
  return a.key.split(':').slice(0, 2).join(':') === b.key.split(':').slice(0, 2).join(':')
}
