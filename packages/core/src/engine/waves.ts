import type { Phase, Wave } from '../domain/plan.ts'
import { countOf, waveWidth, widthInWork } from '../domain/share.ts'
import type { Progress, ScheduledChange } from './progress.ts'
import { type Standing, survey, type WaveStanding } from './standing.ts'
import { unfinishedGroups } from './unfinished-groups.ts'

/** On the way back everything begins at once, and a failure stops nothing. */
const WAY_BACK: readonly Wave[] = [{ groups: '100%', maxFailures: '100%' }]

/** The waves of a phase of the plan. Groups that failed in an earlier phase have no part in a later one. */
export function forwardWaves(progress: Progress, index: number): readonly WaveStanding[] {
  const standing = standingOf(progress)
  const known = standing.forward[index]
  if (known !== undefined) return known
  const earlier = standing.forward.slice(0, index).flat()
  const failed = new Set(failedOf(progress, earlier).map(({ change }) => change.group))
  const all = progress.schedule.forward[index] ?? []
  const members = failed.size === 0 ? all : all.filter(({ change }) => !failed.has(change.group))
  const { waves = [] } = progress.plan.phases[index] ?? {}
  const made = wavesOf({ waves, total: all.length }, members)
  for (const wave of made) survey(standing, progress.changes, wave)
  standing.forward[index] = made
  return made
}

/** The one wave of a phase of the way back. */
export function backWaves(progress: Progress, index: number): readonly WaveStanding[] {
  const standing = standingOf(progress)
  const known = standing.back[index]
  if (known !== undefined) return known
  const unfinished = returningGroups(progress)
  const members = progress.schedule.back[index]?.filter(({ change }) => unfinished.has(change.group)) ?? []
  const made = wavesOf({ waves: WAY_BACK, total: members.length }, members)
  for (const wave of made) survey(standing, progress.changes, wave)
  standing.back[index] = made
  return made
}

/** The groups that the way back concerns. */
export function returningGroups(progress: Progress): ReadonlySet<string> {
  const standing = standingOf(progress)
  standing.unfinished ??= unfinishedGroups(progress)
  return standing.unfinished
}

/** The members of waves that failed, in their order. */
export function failedOf({ changes }: Progress, waves: readonly WaveStanding[]): readonly ScheduledChange[] {
  const concerned = waves.filter(({ failures }) => failures > 0)
  return concerned.flatMap(({ members }) => members.filter(({ key }) => changes.get(key)?.state === 'failed'))
}

function standingOf(progress: Progress): Standing {
  progress.standing ??= { forward: [], back: [], places: new Map(), unfinished: undefined }
  return progress.standing
}

function wavesOf(
  { waves, total }: Pick<Phase, 'waves'> & { readonly total: number },
  members: readonly ScheduledChange[],
): readonly WaveStanding[] {
  let from = 0
  return waves.map((wave, number) => {
    const isLast = number === waves.length - 1
    const own = members.slice(from, isLast ? undefined : from + waveWidth(wave.groups, total))
    from += own.length
    return {
      wave,
      width: widthInWork(wave, total),
      maxFailures: countOf(wave.maxFailures ?? 0, total, 'down'),
      members: wave.failureDomains === 'oneByOne' ? byFailureDomain(own) : own,
      next: 0,
      running: new Map(),
      failures: 0,
      done: [],
    }
  })
}

/** Those of a domain one after another, the domains in the order in which they first appear. */
function byFailureDomain(members: readonly ScheduledChange[]): readonly ScheduledChange[] {
  return [...Map.groupBy(members, ({ change }) => change.failureDomain).values()].flat()
}
