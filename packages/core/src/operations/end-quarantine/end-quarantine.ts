import * as z from 'zod'
import type { ManagementUnit, QuarantinedMachine, ServerGroup } from '../../domain/management-unit.ts'
import { groupClaim } from '../../engine/claims.ts'
import { VmunitError } from '../../errors/index.ts'
import type { Operation } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import { groupsInput } from '../roll/input.ts'
import type { LeavingMachines } from '../roll/leave.ts'
import { CLEAR_KINDS, clearStage } from '../roll/left-beside.ts'
import { groupsOf, membersOf, unitOf } from '../roll/members-of.ts'
import { draft, EACH_FOR_ITSELF, type GroupProcedure, type Lane, rolling, type Stage } from '../roll/stage.ts'
import { releaseKept, removeKept } from '../steps/index.ts'

export interface EndQuarantineInput {
  readonly unit: string
  /** All groups by default. */
  readonly groups?: readonly string[] | undefined
  /** The ids of the machines; by default all that are kept, and what runs that were stopped left beside servers. */
  readonly machines?: readonly string[] | undefined
  /** `remove`, the default, deletes them; `release` takes our marker out, and the resource manager has them. */
  readonly to?: LeavingMachines | undefined
}

const input = z.strictObject({
  ...groupsInput,
  machines: z.array(z.string().min(1)).min(1).optional(),
  to: z.enum(['remove', 'release']).optional(),
})

/**
 * Ends the quarantine of machines that were inspected. The servers, and the machines that they run on, are not touched.
 *
 * What a replacement left beside servers because its run was stopped is taken away as well: the machine, its
 * place in the pool, and the addresses. What was collected of the machines stays: the outcomes of the run that kept them name it.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND` for an unknown unit or group, and for a machine that is not kept there.
 * @example
 * ```ts
 * await manager.execute(endQuarantine, { unit: 'gyoumu_a', groups: ['vmgroup_1'] })
 * ```
 */
export const endQuarantine: Operation<EndQuarantineInput, FleetResult> = defineOperation({
  name: 'endQuarantine',
  version: 1,
  input,
  scope: ({ unit }) => ({ unit }),
  kinds: [removeKept, releaseKept, ...CLEAR_KINDS],
  plan({ unit: name, groups: names, machines, to = 'remove' }, world) {
    const unit = unitOf(world, name)
    const wanted = machines === undefined ? undefined : new Set(machines)
    const found = groupsOf(unit, names).flatMap((group) => {
      const kept = group.quarantine.filter(({ machine }) => wanted?.has(machine.id) ?? true)
      const isLeft = wanted === undefined && to === 'remove' && group.servers.some(({ beside }) => beside !== undefined)
      const clear = clearStage(world, isLeft ? membersOf(world, unit, group) : [])
      return kept.length === 0 && clear.lanes.length === 0 ? [] : [{ group, kept, clear }]
    })
    checkAllKept(unit, { wanted, kept: found.flatMap(({ kept }) => kept) })
    return {
      claims: found.map(({ group }) => groupClaim(unit.name, group.name)),
      servers: found.flatMap(linesOf),
      phases: rolling(
        'end quarantine',
        found.map((one) => procedureOf(unit, one, to)),
        EACH_FOR_ITSELF,
      ),
      warnings: found.length === 0 ? ['no machine is in quarantine'] : [],
    }
  },
  result: (_plan, finished) => fleetResult(finished),
})

interface GroupKeeps {
  readonly group: ServerGroup
  readonly kept: readonly QuarantinedMachine[]
  /** What takes away what is left beside its servers. */
  readonly clear: Stage
}

function checkAllKept(
  unit: ManagementUnit,
  { wanted, kept }: { readonly wanted: ReadonlySet<string> | undefined; readonly kept: readonly QuarantinedMachine[] },
): void {
  const missing = [...(wanted ?? [])].filter((id) => !kept.some(({ machine }) => machine.id === id))
  if (missing.length === 0) return
  throw new VmunitError(
    'ERR_NOT_FOUND',
    `Not in quarantine in these groups of ${unit.name}: ${missing.join(', ')}. manager.units.get lists what is.`,
    { details: { unit: unit.name, machines: missing } },
  )
}

function linesOf({ group, kept, clear }: GroupKeeps): readonly {
  readonly server: string
  readonly address: string
  readonly action: 'none'
  readonly reason: string
}[] {
  return group.servers.flatMap(({ slot, address, beside }) => {
    const own = kept.filter((one) => one.slot === slot).map(({ machine }) => machine.id)
    const reasons = [
      ...(own.length === 0 ? [] : [`no longer keeps ${own.join(', ')}`]),
      ...(clear.lanes.length === 0 || beside === undefined
        ? []
        : [`is rid of what run ${beside.runId} left beside it`]),
    ]
    if (reasons.length === 0) return []
    return [{ server: slot, address, action: 'none' as const, reason: reasons.join('; ') }]
  })
}

function procedureOf(unit: ManagementUnit, { group, kept, clear }: GroupKeeps, to: LeavingMachines): GroupProcedure {
  const reason =
    clear.lanes.length === 0
      ? `no longer keeps ${kept.length} ${kept.length === 1 ? 'machine' : 'machines'}`
      : 'no longer keeps what is in quarantine or was left beside its servers'
  return {
    change: { group: group.name, action: 'none', reason, disturbs: false, expects: [] },
    stages: [{ name: 'end quarantine', lanes: kept.map((one) => endLane(unit, one, to)) }, clear],
    back: [],
  }
}

function endLane(unit: ManagementUnit, { machine, slot }: QuarantinedMachine, to: LeavingMachines): Lane {
  const step = { hypervisor: unit.hypervisor, machine: { ...machine }, slot, unit: unit.name }
  const kind = to === 'remove' ? removeKept : releaseKept
  return [draft(kind, { id: `${slot}/${to}-kept-${machine.id}`, server: slot, input: step })]
}
