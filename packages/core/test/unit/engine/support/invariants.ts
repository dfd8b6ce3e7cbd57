import type { Phase, Plan, Wave } from '../../../../src/domain/plan.ts'
import { countOf, waveWidth } from '../../../../src/domain/share.ts'
import { changeKey, type Progress, type ScheduledChange } from '../../../../src/engine/progress.ts'
import type { Moment, Watcher } from './virtual-run.ts'

/** Watches a run and throws, with the name of the rule, as soon as one of the rules of scheduling is broken. */
export function invariants(plan: Plan): Watcher {
  const begun = new Set<string>()
  const rule = (name: string, holds: boolean): void => {
    if (!holds) throw new Error(`broken: ${name}`)
  }
  return {
    began(moment, scheduled) {
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
    `wave ${number} is ${waveWidth(here.wave.groups, total)} wide, taken by ${occupied.join(', ')}`,
    occupied.length <= waveWidth(here.wave.groups, total),
  )
  const failures = here.groups.filter((group) => stateOf(group)?.state === 'failed').length
  rule('nothing begins beyond the failure budget', failures <= countOf(here.wave.maxFailures ?? 0, total, 'down'))
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
