import type { Outcome } from '../domain/run-state.ts'
import { groupOfSlot } from '../domain/slot.ts'
import { failedMachines } from './failed-machines.ts'
import { changeKey, type Progress } from './progress.ts'

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
  const { quarantined, diagnostics } = failedMachines(progress)
  return progress.plan.servers.map(({ server, address, action }) => {
    const status = action === 'none' ? 'unchanged' : (groups.get(groupOfSlot(server)) ?? 'notStarted')
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
