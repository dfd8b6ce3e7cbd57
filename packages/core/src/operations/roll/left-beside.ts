import type { Beside, BesideMachine, BoundMachine, VirtualServer } from '../../domain/management-unit.ts'
import type { Named } from '../../domain/plan.ts'
import { VmunitError } from '../../errors/index.ts'
import type { Machine, World } from '../../ports/index.ts'
import { blockServer, forgetBeside, leavePool, releaseAddress, releaseMachine, removeMachine } from '../steps/index.ts'
import { type LeavingMachines, leaveStep } from './leave.ts'
import { type Member, machineOf, presentMachine } from './member.ts'
import { draft, type GroupProcedure, type Lane, type Stage } from './stage.ts'
import { blockStage, idOf, type Placed } from './stages.ts'

/** A server beside which a run that was stopped has left something. */
interface Left {
  readonly member: Member
  readonly beside: Beside
  readonly machines: readonly BoundMachine[]
  /** Its member in the pool. */
  readonly place: Placed
}

/** The step kinds that {@link clearStage} plans. */
export const CLEAR_KINDS = [blockServer, leavePool, removeMachine, releaseAddress, forgetBeside] as const

/** Takes away what is left beside servers: of each first its traffic, then the machines, then the addresses. */
export function clearStage(world: World, members: readonly Member[]): Stage {
  const lanes = leftOf(world, members).map((left) => [
    ...trafficLane(left),
    ...machineLane(left, removeMachine),
    ...releaseLane(left),
    forgetStep(left.member),
  ])
  return { name: 'clear', lanes }
}

/** A group that needs no change otherwise is only rid of what an earlier run has left beside it. */
export function clearing(group: string, clear: Stage): GroupProcedure | undefined {
  if (clear.lanes.length === 0) return undefined
  const reason = 'is rid of what a run that was stopped left beside it'
  return {
    change: { group, action: 'none', reason, disturbs: false, expects: [] },
    stages: [clear],
    back: [],
  }
}

/** For people: that a server is rid of what was left beside it; nothing when nothing was. */
export function rid({ beside }: VirtualServer): string {
  return beside === undefined ? '' : `; is rid of what run ${beside.runId} left beside it`
}

/** What is left beside a server whose group leaves its unit: like the machine of the server itself. */
export function leavingLane(world: World, member: Member, to: LeavingMachines): Lane {
  return leftOf(world, [member]).flatMap((left) => [
    ...trafficLane(left),
    ...machineLane(left, to === 'remove' ? removeMachine : releaseMachine),
    ...(to === 'remove' ? releaseLane(left) : []),
  ])
}

/** What has no place in a pool of its own gets no traffic of its own either. */
function trafficLane({ beside, place }: Left): Lane {
  return beside.member === undefined ? [] : [...blockStage([place]).lanes.flat(), ...leaveStep(place)]
}

function leftOf(world: World, members: readonly Member[]): readonly Left[] {
  return members.flatMap((member) => {
    const { beside } = member.server
    if (beside === undefined) return []
    const machines = beside.machines.flatMap((machine) => machineLeft(world, member, machine) ?? [])
    // Its name in the pool is all that these steps ask for.
    const machine = presentMachine(undefined)
    const place: Placed = { member, machine, prefix: 'left', poolName: beside.member, unrecorded: true }
    return [{ member, beside, machines, place }]
  })
}

/** A machine that is left, unless somebody else has it by now. */
function machineLeft(world: World, member: Member, machine: BesideMachine): BoundMachine | undefined {
  const { operationId } = machine
  const found =
    machine.id === undefined
      ? madeBy(world, member, operationId)
      : world.machines.get(member.unit.hypervisor)?.get(machine.id)
  const id = machine.id ?? found?.id
  if (id === undefined) return undefined
  const marker = found?.marker ?? 'unreadable'
  const isOthers = marker === 'none' || (marker !== 'unreadable' && marker.operationId !== operationId)
  return isOthers ? undefined : { id, operationId }
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

function machineLane({ member, machines, place }: Left, kind: Named): Lane {
  return machines.map((machine) => {
    const input = { ...machineOf(member, presentMachine(machine)), beside: true }
    return draft(kind, { id: idOf(place, `take-${machine.id}`), server: member.server.slot, input })
  })
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
