import type { ManagementUnit, ServerGroup } from '../../domain/management-unit.ts'
import type { World } from '../../ports/index.ts'
import { leavePool, releaseMachine } from '../steps/index.ts'
import { takenMachine } from './check-holder.ts'
import { type Member, machineOf, presentMachine } from './member.ts'
import { membersOf } from './members-of.ts'
import { releaseReservedLane } from './pool-addresses.ts'
import { draft, type Lane } from './stage.ts'
import { idOf, inPool, type Placed } from './stages.ts'

/** What becomes of the machines of a group that leaves: deleted, or left as they are without our marker. */
export type LeavingMachines = 'remove' | 'release'

/** Takes a server out of the pool of its tier. */
export function leaveLane(member: Member): Lane {
  return leaveStep({ member, machine: presentMachine(member.server.machine) })
}

/** Takes the member that stands for a machine out of the pool. */
export function leaveStep(place: Placed): Lane {
  const { unit, tier, server } = place.member
  if (tier.balancer === undefined) return []
  const { name, pool } = tier.balancer
  const step = { balancer: name, pool, ...inPool(place), unit: unit.name, slot: server.slot }
  return [draft(leavePool, { id: idOf(place, 'leave'), server: server.slot, input: step })]
}

/** Takes our marker out of the machine of a server, where it is in. Without a machine nobody has its addresses. */
export function releaseLane(world: World, member: Member): Lane {
  const { server } = member
  if (server.machine === undefined) return releaseReservedLane(member)
  if (server.machine.operationId === undefined || takenMachine(world, member) !== undefined) return []
  const step = machineOf(member, presentMachine(server.machine))
  return [draft(releaseMachine, { id: `${server.slot}/release`, server: server.slot, input: step })]
}

/** Machines in quarantine are known by their group only: they go back with it. */
export function quarantineLanes(unit: ManagementUnit, group: ServerGroup): readonly Lane[] {
  return group.quarantine.map(({ machine, slot }) => {
    const step = { hypervisor: unit.hypervisor, unit: unit.name, slot, machine: { ...machine } }
    return [draft(releaseMachine, { id: `${slot}/release-${machine.id}`, server: slot, input: step })]
  })
}

/** Says which machines of a group that leaves go back from quarantine, and which are somebody else's already. */
export function leavingWarnings(world: World, unit: ManagementUnit, group: ServerGroup): readonly string[] {
  const taken = membersOf(world, unit, group).flatMap((member) => takenMachine(world, member) ?? [])
  return [
    ...group.quarantine.map(
      ({ machine, reason }) => `${group.name} gives ${machine.id} back, which was in quarantine: ${reason}`,
    ),
    ...taken.map(
      ({ machine, holder }) => `${group.name} leaves ${machine.id} as it is: it bears the marker of ${holder}`,
    ),
  ]
}
