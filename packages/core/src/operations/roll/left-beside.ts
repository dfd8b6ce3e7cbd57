import type { BesideMachine, BoundMachine } from '../../domain/management-unit.ts'
import { VmunitError } from '../../errors/index.ts'
import type { Machine, World } from '../../ports/index.ts'
import { blockServer, forgetBeside, leavePool, releaseAddress, releaseMachine, removeMachine } from '../steps/index.ts'
import { type LeavingMachines, leaveStep } from './leave.ts'
import { type Member, machineOf, presentMachine } from './member.ts'
import { draft, type Lane, type Stage } from './stage.ts'
import { blockStage, idOf, type Placed } from './stages.ts'

/** A server beside which a run that was stopped has left something. */
interface Left {
  readonly member: Member
  readonly beside: BesideMachine
  readonly place: Placed
}

/** The step kinds that {@link clearStages} plans. */
export const CLEAR_KINDS = [blockServer, leavePool, removeMachine, releaseAddress, forgetBeside] as const

/** Takes away what is left beside servers: first its traffic, then the machines, then the addresses. */
export function clearStages(world: World, members: readonly Member[]): readonly Stage[] {
  const left = leftOf(world, members)
  if (left.length === 0) return []
  const places = left.map(({ place }) => place)
  return [
    blockStage(places),
    { name: 'leave', lanes: places.map(leaveStep) },
    { name: 'remove', lanes: left.map(removeLane) },
    { name: 'release', lanes: left.map(releaseLane) },
    { name: 'forget', lanes: left.map(({ member }) => [forgetStep(member)]) },
  ]
}

/** What is left beside a server whose group leaves its unit: like the machine of the server itself. */
export function leavingLane(world: World, member: Member, machines: LeavingMachines): Lane {
  return leftOf(world, [member]).flatMap((left) => {
    const leave = leaveStep(left.place)
    if (machines === 'remove') return [...leave, ...removeLane(left), ...releaseLane(left)]
    if (left.place.machine.machine === null) return leave
    const step = machineOf(member, left.place.machine)
    return [
      ...leave,
      draft(releaseMachine, { id: idOf(left.place, 'release'), server: member.server.slot, input: step }),
    ]
  })
}

function leftOf(world: World, members: readonly Member[]): readonly Left[] {
  return members.flatMap((member) => {
    const { beside } = member.server
    if (beside === undefined) return []
    const machine = presentMachine(machineLeft(world, member, beside))
    return [{ member, beside, place: { member, machine, prefix: 'left', poolName: beside.member, unrecorded: true } }]
  })
}

/** The machine that is left, unless somebody else has it by now, or it is kept for inspection. */
function machineLeft(world: World, member: Member, { machine }: BesideMachine): BoundMachine | undefined {
  if (machine === undefined) return undefined
  const { unit, group, server } = member
  const { operationId } = machine
  const found =
    machine.id === undefined ? madeBy(world, member, operationId) : world.machines.get(unit.hypervisor)?.get(machine.id)
  const id = machine.id ?? found?.id
  if (id === undefined) return undefined
  const kept = unit.groups.find(({ name }) => name === group)?.quarantine ?? []
  const isKept = server.machine?.id === id || kept.some((one) => one.machine.id === id)
  const marker = found?.marker ?? 'unreadable'
  const isOthers = marker === 'none' || (marker !== 'unreadable' && marker.operationId !== operationId)
  return isKept || isOthers ? undefined : { id, operationId }
}

/** What an operation made whose end nobody wrote down: it may have made nothing. */
function madeBy(world: World, { unit, server }: Member, operationId: string): Machine | undefined {
  const machines = [...(world.machines.get(unit.hypervisor)?.values() ?? [])]
  const made = machines.find(({ marker }) => typeof marker === 'object' && marker.operationId === operationId)
  const isUnclear =
    machines.some(({ marker }) => marker === 'unreadable') || (world.blind.get(unit.hypervisor) ?? []).length > 0
  if (made !== undefined || !isUnclear) return made
  throw new VmunitError(
    'ERR_UNAVAILABLE',
    `Nobody can say whether a machine is being made beside server ${server.address}: not every machine can be read. Try again later.`,
    { retryable: true, details: { server: server.slot, operationId } },
  )
}

function removeLane({ member, place }: Left): Lane {
  if (place.machine.machine === null) return []
  const input = { ...machineOf(member, place.machine), beside: true }
  return [draft(removeMachine, { id: idOf(place, 'remove'), server: member.server.slot, input })]
}

function releaseLane({ member: { unit, server }, beside, place }: Left): Lane {
  return beside.addresses.map(({ address, id, network }, index) => {
    const step = { unit: unit.name, slot: server.slot, address, reservation: id, network }
    return draft(releaseAddress, { id: idOf(place, `release-${address ?? index}`), server: server.slot, input: step })
  })
}

function forgetStep({ unit, server }: Member): Lane[number] {
  const input = { slot: server.slot, unit: unit.name }
  return draft(forgetBeside, { id: `left:${server.slot}/forget`, server: server.slot, input })
}
