import type { ManagementUnit, ServerGroup } from '../../domain/management-unit.ts'
import { leavePool, releaseMachine } from '../steps/index.ts'
import { type Member, machineOf, presentMachine } from './member.ts'
import { draft, type Lane } from './stage.ts'

/** Takes a server out of the pool of its tier. */
export function leaveLane({ unit, tier, server }: Member): Lane {
  if (tier.balancer === undefined) return []
  const { name, pool } = tier.balancer
  const step = { balancer: name, pool, unit: unit.name, slot: server.slot }
  return [draft(leavePool, { id: `${server.slot}/leave`, server: server.slot, input: step })]
}

/** Takes our marker out of the machine of a server, where it is in. */
export function releaseLane(member: Member): Lane {
  const { server } = member
  if (server.machine?.operationId === undefined) return []
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

/** Says which machines in quarantine go back. */
export function quarantineWarnings({ name, quarantine }: ServerGroup): readonly string[] {
  return quarantine.map(({ machine, reason }) => `${name} gives ${machine.id} back, which was in quarantine: ${reason}`)
}
