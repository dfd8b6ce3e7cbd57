import type { ManagementUnit, ServerGroup } from '../../domain/management-unit.ts'
import type { PlannedServer } from '../../domain/plan.ts'
import { VmunitError } from '../../errors/index.ts'
import type { World } from '../../ports/index.ts'
import { forgetStage } from '../attach-groups/record-group.ts'
import { removeMachine } from '../steps/index.ts'
import { checkHolder } from './check-holder.ts'
import { expectServer } from './expect.ts'
import { type LeavingMachines, leaveLane, quarantineLanes, releaseLane } from './leave.ts'
import { leavingLane } from './left-beside.ts'
import { isRunning, type Member, machineOf, presentMachine } from './member.ts'
import { membersOf } from './members-of.ts'
import { releaseReservedLane } from './pool-addresses.ts'
import { draft, type GroupProcedure, type Lane } from './stage.ts'
import { blockStage, inPlace, stopStages } from './stages.ts'

export interface LeavingGroup {
  readonly servers: readonly PlannedServer[]
  readonly procedure: GroupProcedure
}

/**
 * Plans how a group leaves its unit: its servers get no more traffic, are stopped, leave their pools and give their
 * machines back; then the group is forgotten.
 *
 * A server whose machine is off or gone is not stopped first: there is nothing left to stop.
 *
 * @throws {@link VmunitError} `ERR_NOT_ADOPTED` for machines that are to be removed and are not ours.
 */
export function leaveGroup(
  world: World,
  { unit, group }: { readonly unit: ManagementUnit; readonly group: ServerGroup },
  machines: LeavingMachines,
): LeavingGroup {
  const members = membersOf(world, unit, group)
  if (machines === 'remove') {
    checkHolder(world, members)
    checkRemovable(group, members)
  }
  const running = inPlace(members.filter(isRunning))
  const stoppable = running.filter(({ member }) => mayAnswer(world, member))
  const lane = (member: Member): Lane => (machines === 'remove' ? removeLane(member) : releaseLane(world, member))
  return {
    servers: members.map(({ server }) => ({
      server: server.slot,
      address: server.address,
      action: 'detach',
      reason: server.machine === undefined ? 'has no machine' : `${machines}s ${server.machine.id}`,
    })),
    procedure: {
      change: {
        group: group.name,
        action: 'detach',
        reason: `leaves ${unit.name}`,
        disturbs: running.length > 0,
        expects: members.flatMap((member) => expectServer(world, member)),
      },
      stages: [
        blockStage(running),
        ...stopStages(unit.tiers, stoppable),
        { name: 'leave', lanes: members.map(leaveLane) },
        { name: 'leave beside', lanes: members.map((member) => leavingLane(world, member, machines)) },
        { name: 'return', lanes: [...members.map(lane), ...quarantineLanes(unit, group)] },
        forgetStage(unit, group),
      ],
      back: [],
    },
  }
}

/** Whether the guest of a server can be asked to stop its application. A machine that cannot be seen may be there. */
function mayAnswer(world: World, { unit, server }: Member): boolean {
  if (server.machine === undefined) return true
  const machine = world.machines.get(unit.hypervisor)?.get(server.machine.id)
  if (machine === undefined) return (world.blind.get(unit.hypervisor) ?? []).length > 0
  return machine.power !== 'off'
}

function removeLane(member: Member): Lane {
  const { server } = member
  if (server.machine === undefined) return releaseReservedLane(member)
  const input = machineOf(member, presentMachine(server.machine))
  const remove = draft(removeMachine, { id: `${server.slot}/remove`, server: server.slot, input, final: true })
  return [remove, ...releaseReservedLane(member)]
}

function checkRemovable(group: ServerGroup, members: readonly Member[]): void {
  const foreign = members.filter(({ server }) => server.machine !== undefined && !isOurs(server.machine))
  if (foreign.length === 0) return
  const names = foreign.map(({ server }) => server.address).join(', ')
  throw new VmunitError(
    'ERR_NOT_ADOPTED',
    `The machines of ${names} in group ${group.name} bear no marker of this manager and are not removed. Pass machines: 'release' to leave them as they are.`,
    { details: { group: group.name, servers: foreign.map(({ server }) => server.slot) } },
  )
}

function isOurs({ operationId }: { readonly operationId?: string | undefined }): boolean {
  return operationId !== undefined
}
