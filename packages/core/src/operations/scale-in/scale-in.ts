import * as z from 'zod'
import { schemas } from '../../domain/parsers.ts'
import type { Operation } from '../../ports/index.ts'
import { forgetGroup } from '../attach-groups/record-group.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import type { LeavingMachines } from '../roll/leave.ts'
import { leavingWarnings } from '../roll/leave.ts'
import { leaveGroup } from '../roll/leave-group.ts'
import { groupsOf, unitOf } from '../roll/members-of.ts'
import { planRoll } from '../roll/plan-roll.ts'
import { EACH_FOR_ITSELF, EVERYTHING, rolling } from '../roll/stage.ts'
import { blockServer, leavePool, releaseAddress, releaseMachine, removeMachine, runJob } from '../steps/index.ts'

export interface ScaleInInput {
  readonly unit: string
  readonly groups: readonly string[]
  /** `remove`, the default, deletes the machines; `release` leaves them as they are, for the resource manager. */
  readonly machines?: LeavingMachines | undefined
  /** Permits a plan that takes the last available group of a tier. */
  readonly allowOutage?: boolean | undefined
}

const input = z.strictObject({
  unit: schemas.name,
  groups: z.array(schemas.name).min(1),
  machines: z.enum(['remove', 'release']).optional(),
  allowOutage: z.boolean().optional(),
})

/**
 * Takes groups out of a unit for good: no more traffic, stop, detach, and the machines go back (manual 6.2.1).
 *
 * Each group for itself: one that fails stays attached as far as it is, and may be scaled in again. Machines in
 * quarantine are never deleted; they lose our marker, with a warning.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND`; `ERR_WOULD_INTERRUPT` when a tier would lose its last available group;
 * `ERR_NOT_ADOPTED` or `ERR_NOT_OWNED` for machines that are to be removed and are not ours.
 * @example
 * ```ts
 * await manager.execute(scaleIn, { unit: 'gyoumu_a', groups: ['vmgroup_4'] })
 * ```
 */
export const scaleIn: Operation<ScaleInInput, FleetResult> = defineOperation({
  name: 'scaleIn',
  version: 1,
  input,
  scope: ({ unit }) => ({ unit }),
  kinds: [blockServer, runJob, leavePool, removeMachine, releaseAddress, releaseMachine, forgetGroup],
  plan(request, world) {
    const { machines = 'remove', allowOutage = false } = request
    const unit = unitOf(world, request.unit)
    const groups = groupsOf(unit, request.groups)
    const planned = groups.map((group) => ({ group, ...leaveGroup(world, { unit, group }, machines) }))
    const { procedures, draft } = planRoll({ world, unit, planned, waves: EVERYTHING, allowOutage })
    return {
      ...draft,
      phases: rolling('scale in', procedures, EACH_FOR_ITSELF),
      warnings: [...(draft.warnings ?? []), ...groups.flatMap((group) => leavingWarnings(world, unit, group))],
    }
  },
  result: (_plan, finished) => fleetResult(finished),
})
