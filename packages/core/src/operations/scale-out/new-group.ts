import type { ManagementUnit, ServerGroup } from '../../domain/management-unit.ts'
import type { PlannedServer } from '../../domain/plan.ts'
import type { TemplateVersion } from '../../domain/template.ts'
import { plain } from '../../engine/documents.ts'
import type { World } from '../../ports/index.ts'
import { expectNew } from '../attach-groups/attach-groups.ts'
import { recordGroup } from '../attach-groups/record-group.ts'
import { expectUsable } from '../roll/expect.ts'
import { leaveLane } from '../roll/leave.ts'
import type { Member } from '../roll/member.ts'
import { membersOf } from '../roll/members-of.ts'
import { trimStages } from '../roll/quarantine.ts'
import type { QuarantineOptions } from '../roll/quarantine-options.ts'
import { attach, bind, create, createdMachine, each, keepNewStage, ownVersion, type Renewed } from '../roll/renewed.ts'
import { draft, type GroupProcedure, outputOf, type Stage } from '../roll/stage.ts'
import { type Placed, powerOnStage, reflectStages, startStages, unblockStage } from '../roll/stages.ts'
import { adoptMachine } from '../steps/index.ts'

export interface NewGroupOptions {
  /** For the tiers of its template; the others get their current version. */
  readonly version: TemplateVersion | undefined
  readonly start: boolean
  readonly quarantine?: QuarantineOptions | undefined
}

export interface NewGroup {
  readonly servers: readonly PlannedServer[]
  readonly procedure: GroupProcedure
}

/** Plans a group that is not there yet: its record, its machines, and all that brings them into service. */
export function newGroup(
  world: World,
  { unit, group }: { readonly unit: ManagementUnit; readonly group: ServerGroup },
  options: NewGroupOptions,
): NewGroup {
  const members = membersOf(world, unit, group)
  const provided = members.filter(({ server }) => server.machine !== undefined)
  const renewed = members
    .filter((member) => !provided.includes(member))
    .map((member): Renewed => ({ member, version: versionFor(world, member, options) }))
  const placed = [...renewed.map(madePlace), ...provided.map(adoptedPlace)]
  return {
    servers: [...renewed.map(madeLine), ...provided.map(adoptedLine)],
    procedure: {
      change: {
        group: group.name,
        action: 'attach',
        reason: 'new',
        disturbs: false,
        expects: [
          ...expectNew(unit, group),
          ...[...new Set(renewed.map(({ version }) => version))].map((one) => expectUsable(unit, group.name, one)),
        ],
      },
      stages: [
        recordStage(group),
        { name: 'adopt', lanes: provided.map((member) => [adopt(member)]) },
        each('provide', renewed, create),
        each('attach', renewed, attach),
        powerOnStage(placed),
        ...reflectStages(unit.tiers, placed, () => true),
        ...(options.start ? [...startStages(unit.tiers, placed), unblockStage(placed)] : []),
      ],
      back: renewed.length === 0 ? [] : wayOut(renewed, options.quarantine),
    },
  }
}

/** What was made is kept for inspection, and its slot is empty again. */
function wayOut(renewed: readonly Renewed[], options: QuarantineOptions | undefined): readonly Stage[] {
  return [
    { name: 'leave', lanes: renewed.map(({ member }) => leaveLane(member)) },
    keepNewStage(renewed, options),
    each('empty', renewed, ({ member }) => bind(member, { verb: 'empty', machine: null, status: 'initial' })),
    ...renewed.slice(0, 1).flatMap(({ member }) => trimStages(member.unit, member.group, options)),
  ]
}

function versionFor(world: World, member: Member, { version }: NewGroupOptions): TemplateVersion {
  return version?.template === member.tier.template ? version : ownVersion(world, member)
}

function recordStage(group: ServerGroup): Stage {
  const input = { group: plain(JSON.parse(JSON.stringify(group)) as object) }
  return { name: 'record', lanes: [[draft(recordGroup, { id: `${group.name}/record`, input })]] }
}

function madePlace(renewed: Renewed): Placed {
  return { member: renewed.member, machine: createdMachine(renewed) }
}

function adoptedPlace(member: Member): Placed {
  return { member, machine: { machine: outputOf(adoptId(member), 'machine'), id: member.server.machine?.id } }
}

function adoptId({ server }: Member): string {
  return `${server.slot}/adopt`
}

function adopt(member: Member): ReturnType<typeof draft> {
  const { unit, server } = member
  const input = { hypervisor: unit.hypervisor, unit: unit.name, slot: server.slot, id: server.machine?.id }
  return draft(adoptMachine, { id: adoptId(member), server: server.slot, input })
}

function madeLine({ member: { server }, version }: Renewed): PlannedServer {
  const { slot, address } = server
  return { server: slot, address, action: 'attach', reason: `new from ${version.template} ${version.number}` }
}

function adoptedLine({ server: { slot, address, machine } }: Member): PlannedServer {
  return { server: slot, address, action: 'attach', reason: `adopts ${machine?.id}` }
}
