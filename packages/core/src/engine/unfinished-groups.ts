import type { Progress } from './progress.ts'

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
