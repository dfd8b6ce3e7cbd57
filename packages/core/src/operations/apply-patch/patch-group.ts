import type { ManagementUnit, ServerGroup } from '../../domain/management-unit.ts'
import type { PlannedServer } from '../../domain/plan.ts'
import { VmunitError } from '../../errors/index.ts'
import type { World } from '../../ports/index.ts'
import type { MembersProcedure, PlanMembers } from '../roll/alike.ts'
import { checkAdopted } from '../roll/check-machines.ts'
import { expectServer } from '../roll/expect.ts'
import { filesStep } from '../roll/file-stages.ts'
import { guestOf, isRunning, type Member } from '../roll/member.ts'
import { draft, type GroupProcedure, type Lane, outputOf, type Stage, type StepDraft } from '../roll/stage.ts'
import {
  answerStep,
  blockStage,
  inPlace,
  type Placed,
  powerStep,
  stage,
  startStages,
  stopStages,
  unblockStage,
} from '../roll/stages.ts'
import { readBootId, runJob } from '../steps/index.ts'
import { askStage } from './ask-person.ts'
import type { ApplyPatchInput } from './patch-input.ts'

/** The stage in which jobs patch the servers. */
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
  {
    request,
    asked,
  }: {
    readonly request: ApplyPatchInput
    /** The groups that a person is asked about when these are stopped; none when that is another group's turn. */
    readonly asked: readonly string[]
  },
): MembersProcedure {
  const placed = inPlace(members)
  const running = placed.filter(({ member }) => isRunning(member))
  return {
    stages: [
      blockStage(running),
      ...stopStages(tiers, running),
      ...(request.by === 'person' ? personStages(placed, asked, request) : [jobStage(placed, request)]),
      ...startStages(tiers, running),
      unblockStage(running),
    ],
    back: request.files === undefined ? [] : [takeFilesAway(placed)],
  }
}

function jobStage(placed: readonly Placed[], request: ApplyPatchInput): Stage {
  const lanes = placed.map((place) => patchLane(place, request))
  // The whole unit is patched one server after another.
  return { name: PATCH_STAGE, lanes: request.whole === true ? [lanes.flat()] : lanes }
}

/** What a person did is done when the guest answers, after a reboot if that was asked for. */
function personStages(placed: readonly Placed[], asked: readonly string[], request: ApplyPatchInput): readonly Stage[] {
  const { reboot = false } = request
  return [
    ...(reboot ? [stage('boot', placed, (place) => [bootStep(place)])] : []),
    ...(asked.length > 0 ? [askStage(asked, request)] : []),
    stage('answer', placed, (place) => [reboot ? rebooted(place) : answerStep(place)]),
  ]
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
