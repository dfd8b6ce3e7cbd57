import * as z from 'zod'
import type { ManagementUnit, ServerGroup } from '../../domain/management-unit.ts'
import { schemas } from '../../domain/parsers.ts'
import { groupClaim } from '../../engine/claims.ts'
import { VmunitError } from '../../errors/index.ts'
import type { Operation, World } from '../../ports/index.ts'
import { forgetGroup, forgetStage } from '../attach-groups/record-group.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import { expectServer } from '../roll/expect.ts'
import { leaveLane, leavingWarnings, quarantineLanes, releaseLane } from '../roll/leave.ts'
import { leavingLane } from '../roll/left-beside.ts'
import { isRunning } from '../roll/member.ts'
import { groupsOf, markWarnings, membersOf, unitOf } from '../roll/members-of.ts'
import { EVERYTHING, type GroupProcedure, rolling } from '../roll/stage.ts'
import { blockServer, leavePool, releaseAddress, releaseMachine } from '../steps/index.ts'

export interface DetachGroupsInput {
  readonly unit: string
  readonly groups: readonly string[]
}

const input = z.strictObject({ unit: schemas.name, groups: z.array(schemas.name).min(1) })

/**
 * Unregisters groups: their servers leave their pools, their machines lose our marker and go back to the resource
 * manager, and their names and addresses are free again (manual 6.2.3, step 3).
 *
 * The machines stay as they are, switched on or off. The servers must be stopped first.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND`; `ERR_WRONG_STATE` naming the servers that still run.
 */
export const detachGroups: Operation<DetachGroupsInput, FleetResult> = defineOperation({
  name: 'detachGroups',
  version: 1,
  input,
  scope: ({ unit }) => ({ unit }),
  kinds: [blockServer, leavePool, releaseAddress, releaseMachine, forgetGroup],
  plan(request, world) {
    const unit = unitOf(world, request.unit)
    const groups = groupsOf(unit, request.groups)
    const procedures = groups.map((group) => procedureOf(world, unit, group))
    return {
      claims: groups.map(({ name }) => groupClaim(unit.name, name)),
      servers: groups.flatMap(({ servers }) =>
        servers.map(({ slot, address, machine }) => ({
          server: slot,
          address,
          action: 'detach' as const,
          reason: machine === undefined ? 'has no machine' : `gives ${machine.id} back`,
        })),
      ),
      phases: rolling('detach', procedures, EVERYTHING),
      warnings: [...markWarnings(groups), ...groups.flatMap((group) => leavingWarnings(world, unit, group))],
    }
  },
  result: (_plan, finished) => fleetResult(finished),
})

function procedureOf(world: World, unit: ManagementUnit, group: ServerGroup): GroupProcedure {
  const members = membersOf(world, unit, group)
  const running = members.filter(isRunning)
  if (running.length > 0) {
    const names = running.map(({ server }) => `${server.address} (${server.status})`).join(', ')
    throw new VmunitError('ERR_WRONG_STATE', `Group ${group.name} still runs: ${names}. Stop it first.`, {
      details: { unit: unit.name, group: group.name, servers: running.map(({ server }) => server.slot) },
    })
  }
  return {
    change: {
      group: group.name,
      action: 'detach',
      reason: 'goes back to the resource manager',
      disturbs: false,
      expects: members.flatMap((member) => expectServer(world, member)),
    },
    stages: [
      { name: 'leave', lanes: members.map(leaveLane) },
      { name: 'leave beside', lanes: members.map((member) => leavingLane(world, member, 'release')) },
      {
        name: 'release',
        lanes: [...members.map((member) => releaseLane(world, member)), ...quarantineLanes(unit, group)],
      },
      forgetStage(unit, group),
    ],
    back: [],
  }
}
