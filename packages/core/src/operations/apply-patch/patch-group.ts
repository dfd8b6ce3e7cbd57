import type { ManagementUnit, ServerGroup } from '../../domain/management-unit.ts'
import type { PlannedServer } from '../../domain/plan.ts'
import { VmunitError } from '../../errors/index.ts'
import type { World } from '../../ports/index.ts'
import type { MembersProcedure, PlanMembers } from '../roll/alike.ts'
import { expectServer } from '../roll/expect.ts'
import { filesStep } from '../roll/file-stages.ts'
import { guestOf, isRunning, type Member } from '../roll/member.ts'
import { checkAdopted } from '../roll/replace.ts'
import { draft, type GroupProcedure, type Lane, outputOf, type Stage, type StepDraft } from '../roll/stage.ts'
import {
  answerStep,
  blockStage,
  inPlace,
  type Placed,
  powerStep,
  startStages,
  stopStages,
  unblockStage,
} from '../roll/stages.ts'
import { readBootId, runJob } from '../steps/index.ts'
import type { ApplyPatchInput } from './patch-input.ts'

/** The stage in which the servers are patched, or with which it begins that they were. */
export const PATCH_STAGE = 'patch'

const PATCH_PATH = '/opt/vmunit/patch'

export interface PatchedGroup {
  readonly servers: readonly PlannedServer[]
  readonly procedure: GroupProcedure
}

/** Plans how the servers of one group are stopped, patched and started. */
export function patchGroup(
  world: World,
  { group, members }: { readonly group: ServerGroup; readonly members: readonly Member[] },
  { request, plan }: { readonly request: ApplyPatchInput; readonly plan: PlanMembers },
): PatchedGroup {
  checkOn(world, members)
  const isByPerson = request.by === 'person'
  if (request.reboot === true && !isByPerson) checkAdopted(world, members)
  return {
    servers: members.map(({ server: { slot, address, status } }) => ({
      server: slot,
      address,
      action: 'patch',
      reason: `is ${status}`,
    })),
    procedure: {
      change: {
        group: group.name,
        action: 'patch',
        reason: isByPerson ? 'is patched by a person' : 'is patched in place',
        disturbs: members.some(isRunning),
        expects: members.flatMap((member) => expectServer(world, member)),
      },
      ...plan(members),
    },
  }
}

/** The steps by which servers of one group are stopped, patched and started. */
export function patchMembers(
  { tiers }: ManagementUnit,
  members: readonly Member[],
  request: ApplyPatchInput,
): MembersProcedure {
  const isByPerson = request.by === 'person'
  const placed = inPlace(members)
  const running = placed.filter(({ member }) => isRunning(member))
  const patch = isByPerson ? patchedLane : patchLane
  const lanes = placed.map((place) => patch(place, request))
  return {
    stages: [
      blockStage(running),
      ...stopStages(tiers, running),
      ...(isByPerson && request.reboot === true ? [bootStage(placed)] : []),
      // The whole unit is patched one server after another.
      { name: PATCH_STAGE, lanes: request.whole === true ? [lanes.flat()] : lanes },
      ...startStages(tiers, running),
      unblockStage(running),
    ],
    back: request.files === undefined ? [] : [takeFilesAway(placed)],
  }
}

function patchLane(
  place: Placed,
  { commands = [], files, repeatable, reboot = false, timeoutMs = 3_600_000 }: ApplyPatchInput,
): Lane {
  const { member, machine } = place
  const { server } = member
  const guest = guestOf(member, machine)
  const environment = { VMI_VIRTUALID: server.address }
  const jobs = commands.map((argv, index) =>
    draft(runJob, {
      id: `${server.slot}/patch-${index + 1}`,
      server: server.slot,
      input: { guest, argv, timeoutMs, environment, repeatable },
    }),
  )
  return [
    ...(files === undefined ? [] : [filesStep(place, { verb: 'distribute', files, path: PATCH_PATH })]),
    ...jobs,
    ...(files === undefined ? [] : [filesStep(place, { verb: 'take-away', files: null, path: PATCH_PATH })]),
    ...(reboot ? [bootStep(place), powerStep(place, 'shutdown'), powerStep(place, 'on'), rebooted(place)] : []),
  ]
}

/** What a person did is done when the guest answers, after a reboot if that was asked for. */
function patchedLane(place: Placed, { reboot = false }: ApplyPatchInput): Lane {
  return [reboot ? rebooted(place) : answerStep(place)]
}

function bootStage(placed: readonly Placed[]): Stage {
  return { name: 'boot', lanes: placed.map((place) => [bootStep(place)]) }
}

function bootId({ member }: Placed): string {
  return `${member.server.slot}/boot`
}

function bootStep(place: Placed): StepDraft {
  const { member, machine } = place
  const input = { guest: guestOf(member, machine) }
  return draft(readBootId, { id: bootId(place), server: member.server.slot, input })
}

function rebooted(place: Placed): StepDraft {
  return answerStep(place, outputOf(bootId(place), 'bootId'))
}

function takeFilesAway(placed: readonly Placed[]): Stage {
  const lanes = placed.map((place) => [
    filesStep({ ...place, prefix: 'back' }, { verb: 'take-away', files: null, path: PATCH_PATH }),
  ])
  return { name: 'take away', lanes }
}

function checkOn(world: World, members: readonly Member[]): void {
  const off = members.filter(({ unit, server }) => {
    const machine = world.machines.get(unit.hypervisor)?.get(server.machine?.id ?? '')
    return machine?.power === 'off' || machine?.power === 'suspended'
  })
  if (off.length === 0) return
  const names = off.map(({ server }) => server.address).join(', ')
  throw new VmunitError(
    'ERR_WRONG_STATE',
    `The machines of ${names} are off and cannot be patched in place. Switch them on first, or name other groups.`,
    { details: { servers: off.map(({ server }) => server.slot) } },
  )
}
