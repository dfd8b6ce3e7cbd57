import * as z from 'zod'
import type { PlannedStep } from '../domain/plan.ts'
import { stepsOfKinds } from '../domain/planned-steps.ts'
import { changeKey, type Progress } from './progress.ts'

/** The names of the step kinds about machines that failed; outcomes tell such servers apart. */
export const QUARANTINE_KIND = 'machine.quarantine'
export const TRIM_KIND = 'quarantine.trim'
export const DIAGNOSTICS_KIND = 'diagnostics.collect'

/** What became of the machines that failed in a run. */
export interface FailedMachines {
  /** Servers that went back, and of which the new machine is kept. */
  readonly quarantined: ReadonlySet<string>
  /** What was collected, by server. */
  readonly diagnostics: ReadonlyMap<string, string>
}

const KINDS: ReadonlySet<string> = new Set([QUARANTINE_KIND, TRIM_KIND, DIAGNOSTICS_KIND])

const collected = z.object({ archive: z.string().nullable() })
const trimmed = z.object({ removed: z.array(z.object({ slot: z.string(), run: z.string() })) })

/** Reads from the outputs of a run which machines it kept, which of those it did not keep for long, and what was collected. */
export function failedMachines({ plan, steps, changes, runId }: Progress): FailedMachines {
  const kept = new Set<string>()
  const removed = new Set<string>()
  const diagnostics = new Map<string, string>()

  function note({ id, kind: { name }, server }: PlannedStep, isReturn: boolean): void {
    const step = steps.get(id)
    if (step?.state !== 'done') return
    if (name === TRIM_KIND) {
      for (const { slot, run } of trimmed.parse(step.output).removed) if (run === runId) removed.add(slot)
    } else if (server !== undefined && name === DIAGNOSTICS_KIND) {
      const { archive } = collected.parse(step.output)
      if (archive !== null) diagnostics.set(server, archive)
    } else if (server !== undefined && isReturn && name === QUARANTINE_KIND) kept.add(server)
  }

  const stepsAbout = stepsOfKinds(plan, KINDS)
  for (const [direction, phases] of [['forward', plan.phases] as const, ['back', plan.back] as const]) {
    for (const [index, { changes: planned }] of phases.entries()) {
      for (const change of planned) {
        if (!changes.has(changeKey(direction, index, change.group))) continue
        for (const step of stepsAbout(change)) note(step, direction === 'back')
      }
    }
  }
  return { quarantined: kept.difference(removed), diagnostics }
}
