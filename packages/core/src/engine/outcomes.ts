import type { ChangeAction } from '../domain/plan.ts'
import { stepsOf } from '../domain/planned-steps.ts'
import type { Outcome } from '../domain/run-state.ts'
import { groupOfSlot } from '../domain/slot.ts'
import { failedMachines } from './failed-machines.ts'
import { changeKey, type Progress } from './progress.ts'

const UNBLOCK_KIND = 'balancer.unblock'

/** What is done to each server for itself: one that has all of it has succeeded, whatever befell others of its group. */
const EACH_FOR_ITSELF: ReadonlySet<ChangeAction> = new Set([
  'start',
  'stop',
  'power',
  'block',
  'unblock',
  'script',
  'reflect',
])

/** What the run did to each server of its plan so far. */
export function outcomesOf(progress: Progress): readonly Outcome[] {
  const groups = new Map<string, 'changed' | 'failed' | 'notStarted'>()
  for (const [index, phase] of progress.plan.phases.entries()) {
    for (const change of phase.changes) {
      const state = progress.changes.get(changeKey('forward', index, change.group))?.state
      const before = groups.get(change.group)
      groups.set(change.group, combine(before, state))
    }
  }
  const finished = finishedServers(progress, groups)
  const { quarantined, diagnostics } = failedMachines(progress)
  return progress.plan.servers.map(({ server, address, action }) => {
    const reached = finished.has(server) ? 'changed' : (groups.get(groupOfSlot(server)) ?? 'notStarted')
    const status = action === 'none' ? 'unchanged' : reached
    const archive = diagnostics.get(server)
    return {
      server,
      address,
      status: status === 'failed' && quarantined.has(server) ? 'quarantined' : status,
      warnings: [],
      ...(archive !== undefined && { diagnostics: archive }),
    }
  })
}

/**
 * The servers of groups that failed of which every step is done. Those of a group that was put back are not among them,
 * and one that works has started although its group got no traffic.
 */
function finishedServers(
  { plan, steps, changes: standing }: Progress,
  groups: ReadonlyMap<string, 'changed' | 'failed' | 'notStarted'>,
): ReadonlySet<string> {
  const finished = new Set<string>()
  const unfinished = new Set<string>()
  const isPutBack = (group: string): boolean =>
    plan.back.some((_, index) => standing.has(changeKey('back', index, group)))
  for (const change of plan.phases.flatMap(({ changes }) => changes)) {
    const { action, group } = change
    if (groups.get(group) !== 'failed' || !EACH_FOR_ITSELF.has(action)) continue
    // What a script has done stays done: only its files are taken away.
    if (action !== 'script' && isPutBack(group)) continue
    for (const { id, kind, server } of stepsOf(plan, change)) {
      const state = steps.get(id)?.state
      if (server === undefined || (action === 'start' && kind.name === UNBLOCK_KIND && state === undefined)) continue
      if (state === 'done') finished.add(server)
      else unfinished.add(server)
    }
  }
  return finished.difference(unfinished)
}

function combine(
  before: 'changed' | 'failed' | 'notStarted' | undefined,
  state: 'began' | 'done' | 'failed' | undefined,
): 'changed' | 'failed' | 'notStarted' {
  if (before === undefined) {
    if (state === undefined) return 'notStarted'
    return state === 'done' ? 'changed' : 'failed'
  }
  if (before === 'changed') return state === 'done' ? 'changed' : 'failed'
  return before
}
