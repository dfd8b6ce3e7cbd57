import type { DraftPhase, Wave } from '../../domain/plan.ts'
import { EACH_FOR_ITSELF, EVERYTHING, type GroupProcedure, rolling, wholeUnit } from '../roll/stage.ts'
import { PATCH_STAGE } from './patch-group.ts'
import type { ApplyPatchInput } from './patch-input.ts'

const ONE_AFTER_ANOTHER: readonly Wave[] = [{ groups: 1, maxFailures: '100%' }]

/** The order in which groups are patched: as the waves say, or stage by stage for the whole unit. */
export function patchPhases(
  procedures: readonly GroupProcedure[],
  { request, waves }: { readonly request: ApplyPatchInput; readonly waves: readonly Wave[] },
): readonly DraftPhase[] {
  const { by, whole = false } = request
  if (!whole) return rolling('roll', procedures, waves)
  // What one person is asked about the whole unit is done for all of it, or not at all.
  if (by === 'person') return wholeUnit(procedures, EVERYTHING)
  return wholeUnit(procedures, EACH_FOR_ITSELF).map((phase) =>
    phase.name === PATCH_STAGE ? { ...phase, waves: ONE_AFTER_ANOTHER } : phase,
  )
}
