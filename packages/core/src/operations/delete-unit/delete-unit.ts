import * as z from 'zod'
import type { ManagementUnit } from '../../domain/management-unit.ts'
import { schemas } from '../../domain/parsers.ts'
import type { ExpectedFact } from '../../domain/plan.ts'
import { VmunitError } from '../../errors/index.ts'
import type { Operation } from '../../ports/index.ts'
import { forgetGroup } from '../attach-groups/record-group.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import type { LeavingMachines } from '../roll/leave.ts'
import { leavingWarnings } from '../roll/leave.ts'
import { leaveGroup } from '../roll/leave-group.ts'
import { markWarnings, unitOf } from '../roll/members-of.ts'
import { draft, EVERYTHING, type GroupProcedure, rolling, wholeUnit } from '../roll/stage.ts'
import {
  blockServer,
  leavePool,
  releaseAddress,
  releaseMachine,
  removeMachine,
  removePool,
  runJob,
} from '../steps/index.ts'
import { forgetUnit } from './forget-unit.ts'

export interface DeleteUnitInput {
  readonly unit: string
  /** Stops and detaches the groups first. Without it a unit that has groups is refused. */
  readonly detach?: boolean | undefined
  /** `remove`, the default, deletes the machines of the groups; `release` leaves them for the resource manager. */
  readonly machines?: LeavingMachines | undefined
}

const input = z.strictObject({
  unit: schemas.name,
  detach: z.boolean().optional(),
  machines: z.enum(['remove', 'release']).optional(),
})

/**
 * Deletes a unit (manual 6.2.5): with `detach: true` stops everything, detaches all groups and gives their machines
 * back; then removes its pools from the balancers, and its record.
 *
 * Each part is finished for all groups before the next begins. When something fails, what is left stays a unit, and the
 * operation may be repeated. A pool that somebody else has members in stays.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND`; `ERR_WRONG_STATE` while it has groups, without `detach`;
 * `ERR_NOT_ADOPTED` or `ERR_NOT_OWNED` for machines that are to be removed and are not ours; `ERR_CLAIMED` while any run works on it.
 * @example
 * ```ts
 * await manager.execute(deleteUnit, { unit: 'gyoumu_a', detach: true })
 * ```
 */
export const deleteUnit: Operation<DeleteUnitInput, FleetResult> = defineOperation({
  name: 'deleteUnit',
  version: 1,
  input,
  scope: ({ unit }) => ({ unit }),
  kinds: [
    blockServer,
    runJob,
    leavePool,
    removeMachine,
    releaseAddress,
    releaseMachine,
    forgetGroup,
    removePool,
    forgetUnit,
  ],
  plan({ unit: name, detach = false, machines = 'remove' }, world) {
    const unit = unitOf(world, name)
    if (!detach) checkEmpty(unit)
    const leaving = unit.groups.map((group) => leaveGroup(world, { unit, group }, machines))
    return {
      claims: [`unit/${unit.name}`, `definition/${unit.name}`],
      servers: leaving.flatMap(({ servers }) => servers),
      phases: [
        ...wholeUnit(leaving.map(({ procedure }) => procedure)),
        ...rolling('delete', [deletion(unit)], EVERYTHING),
      ],
      notes: ['there is no way back'],
      warnings: [...markWarnings(unit.groups), ...unit.groups.flatMap((group) => leavingWarnings(world, unit, group))],
    }
  },
  result: (_plan, finished) => fleetResult(finished),
})

function deletion(unit: ManagementUnit): GroupProcedure {
  const places = new Map(
    unit.tiers.flatMap(({ balancer }) =>
      balancer === undefined ? [] : [[`${balancer.name}/${balancer.pool}`, balancer]],
    ),
  )
  const pools = [...places].map(([id, { name, pool }]) => [
    draft(removePool, { id: `${unit.name}/remove-pool@${id}`, input: { balancer: name, pool } }),
  ])
  const forget = draft(forgetUnit, { id: `${unit.name}/forget-unit`, input: { unit: unit.name }, final: true })
  return {
    change: { group: unit.name, action: 'detach', reason: 'is deleted', disturbs: false, expects: expectUnused(unit) },
    stages: [
      { name: 'pools', lanes: pools },
      { name: 'record', lanes: [[forget]] },
    ],
    back: [],
  }
}

/** That nobody attached a group meanwhile, whose record would be left without a unit. */
function expectUnused(unit: ManagementUnit): readonly ExpectedFact[] {
  const about = unit.groups.map(({ name }) => name).join(',')
  return [{ unit: unit.name, server: unit.name, fact: 'otherGroup', about, value: false }]
}

function checkEmpty({ name, groups }: ManagementUnit): void {
  if (groups.length === 0) return
  const names = groups.map((group) => group.name)
  throw new VmunitError(
    'ERR_WRONG_STATE',
    `Unit ${name} still has ${groups.length === 1 ? 'a group' : `${groups.length} groups`}: ${names.slice(0, 20).join(', ')}. Pass detach: true to stop and detach them first.`,
    { details: { unit: name, groups: names } },
  )
}
