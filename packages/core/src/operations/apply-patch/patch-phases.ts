import type { DraftPhase, Gate, Wave } from '../../domain/plan.ts'
import { EACH_FOR_ITSELF, EVERYTHING, type GroupProcedure, rolling, wholeUnit } from '../roll/stage.ts'
import { PATCH_STAGE } from './patch-group.ts'
import type { ApplyPatchInput } from './patch-input.ts'

const ONE_AFTER_ANOTHER: readonly Wave[] = [{ groups: 1, maxFailures: '100%' }]

/** The order in which groups are patched: as the waves say, all stages of the whole unit, or as a person comes to it. */
export function patchPhases(
  procedures: readonly GroupProcedure[],
  { request, waves }: { readonly request: ApplyPatchInput; readonly waves: readonly Wave[] },
): readonly DraftPhase[] {
  const { by, whole = false } = request
  if (by === 'person') {
    if (whole) return byPerson(procedures, request)
    return procedures.flatMap((procedure) => byPerson([procedure], request))
  }
  if (!whole) return rolling('roll', procedures, waves)
  return wholeUnit(procedures, EACH_FOR_ITSELF).map((phase) =>
    phase.name === PATCH_STAGE ? { ...phase, waves: ONE_AFTER_ANOTHER } : phase,
  )
}

/** Everything before the patch, then a wait for the person, without a lease and as long as it takes, then the rest. */
function byPerson(procedures: readonly GroupProcedure[], request: ApplyPatchInput): readonly DraftPhase[] {
  const halves = procedures.map(split)
  const before = named(
    'stop',
    halves.map(([first]) => first),
    request,
  )
  const [patched, ...rest] = named(
    'patched',
    halves.map(([, second]) => second),
    request,
  )
  if (patched === undefined) return before
  const waves = patched.waves.map((wave) => ({ ...wave, gate: gateOf(procedures, request) }))
  return [...before, { ...patched, waves }, ...rest]
}

function named(
  name: string,
  procedures: readonly GroupProcedure[],
  { whole = false }: ApplyPatchInput,
): readonly DraftPhase[] {
  if (whole) return wholeUnit(procedures)
  const filled = procedures.filter(({ stages }) => stages.some(({ lanes }) => lanes.some((lane) => lane.length > 0)))
  return rolling(`${name} ${procedures.map(({ change }) => change.group).join(', ')}`, filled, EVERYTHING)
}

/** What the run itself has changed until the person answers cannot be stale. */
function split(procedure: GroupProcedure): readonly [GroupProcedure, GroupProcedure] {
  const at = procedure.stages.findIndex(({ name }) => name === PATCH_STAGE)
  return [
    { ...procedure, stages: procedure.stages.slice(0, at) },
    { ...procedure, change: { ...procedure.change, expects: [] }, stages: procedure.stages.slice(at) },
  ]
}

function gateOf(procedures: readonly GroupProcedure[], { unit, text, reboot = false }: ApplyPatchInput): Gate {
  const groups = procedures.map(({ change }) => change.group).join(', ')
  const work = text ?? `Patch${reboot ? ' and reboot' : ''} the servers`
  return { kind: 'work', text: `${work}: ${groups} of ${unit}. They are stopped; answer when it is done.` }
}
