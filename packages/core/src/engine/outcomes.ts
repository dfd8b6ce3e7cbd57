import type { Outcome } from '../domain/run-state.ts'
import { groupOfSlot } from '../domain/slot.ts'
import { changeKey, type Progress } from './progress.ts'

/** The name of the step kind that puts a machine into quarantine; outcomes tell such servers apart. */
export const QUARANTINE_KIND = 'machine.quarantine'

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
  const quarantined = quarantinedServers(progress)
  return progress.plan.servers.map(({ server, address, action }) => {
    const status = action === 'none' ? 'unchanged' : (groups.get(groupOfSlot(server)) ?? 'notStarted')
    return {
      server,
      address,
      status: status === 'failed' && quarantined.has(server) ? 'quarantined' : status,
      warnings: [],
    }
  })
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

function quarantinedServers(progress: Progress): ReadonlySet<string> {
  const servers = new Set<string>()
  for (const phase of progress.plan.back) {
    for (const change of phase.changes) {
      for (const step of change.steps) {
        const isDone = progress.steps.get(step.id)?.state === 'done'
        if (isDone && step.kind.name === QUARANTINE_KIND && step.server !== undefined) servers.add(step.server)
      }
    }
  }
  return servers
}
