import { stepsOf } from '../domain/planned-steps.ts'
import type { Progress } from './progress.ts'

/** Groups that the run began and did not finish, whether there is a way back or not. */
export function halfDoneGroups({ changes, plan, schedule, steps }: Progress): ReadonlySet<string> {
  const begun = schedule.forward.flat().filter(({ key }) => changes.has(key))
  const known = begun.filter(({ change }) => stepsOf(plan, change).some((step) => steps.has(step.id)))
  const open = schedule.forward.flat().filter(({ key }) => changes.get(key)?.state !== 'done')
  const incomplete = new Set(open.map(({ change }) => change.group))
  return new Set(known.map(({ change }) => change.group)).intersection(incomplete)
}

/**
 * Groups that the run began and did not finish, as far as there is a way back: at least one step began, not every
 * change is done, and no step after which there is no way back. A group found stale was never begun.
 */
export function unfinishedGroups({ changes, plan, schedule, steps }: Progress): ReadonlySet<string> {
  const open = schedule.forward.flat().filter(({ key }) => changes.get(key)?.state !== 'done')
  const incomplete = new Set(open.map(({ change }) => change.group))
  const begun = new Set<string>()
  const settled = new Set<string>()
  for (const scheduled of schedule.forward) {
    const isSettling = scheduled.every(({ change }) => stepsOf(plan, change).every((step) => step.final === true))
    for (const { key, change } of scheduled) {
      // To write the steps of all changes out takes its time, and of most changes they say nothing here.
      const isDecisive = changes.has(key) && (isSettling || incomplete.has(change.group))
      const known = isDecisive ? stepsOf(plan, change).filter((step) => steps.has(step.id)) : []
      // Where a whole phase settles, one group that began it commits them all.
      if (isSettling && known.length > 0) return new Set()
      if (known.length > 0) begun.add(change.group)
      if (known.some((step) => step.final === true)) settled.add(change.group)
    }
  }
  return begun.intersection(incomplete).difference(settled)
}
