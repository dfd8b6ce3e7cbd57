import type { ManagementUnit, ServerGroup } from '../../domain/management-unit.ts'
import type { ChangeAction, PlannedServer } from '../../domain/plan.ts'
import { groupClaim } from '../../engine/claims.ts'
import type { Draft, World } from '../../ports/index.ts'
import { type PlanMembers, planAlike } from './alike.ts'
import { expectServer } from './expect.ts'
import type { Member } from './member.ts'
import { groupsOf, markWarnings, membersOf, unitOf } from './members-of.ts'
import { EACH_FOR_ITSELF, type GroupProcedure, type Stage, wholeUnit } from './stage.ts'
import { inPlace, type Placed } from './stages.ts'

/** What an operation does to one server, as a line of the plan. */
export interface Verdict {
  readonly action: ChangeAction
  readonly reason: string
}

export interface FleetOperation {
  readonly unit: string
  readonly groups?: readonly string[] | undefined
  /** Throws when the operation is not allowed for the server. */
  readonly judge: (member: Member) => Verdict
  /** Whether the servers concerned are out of service while it goes on. */
  readonly disturbs: boolean
  readonly stages: (unit: ManagementUnit, placed: readonly Placed[]) => readonly Stage[]
  /**
   * Whether `stages` looks at nothing but the servers that it is given, so that groups which differ in nothing but
   * names, addresses and machines may be planned once. It is then called with `{name}` in the place of those.
   */
  readonly alike?: boolean | undefined
}

/** Plans an operation on all servers of a unit or of some groups, stage by stage over all of them. */
export function planFleet(world: World, operation: FleetOperation): Draft {
  const unit = unitOf(world, operation.unit)
  const groups = groupsOf(unit, operation.groups)
  const lines: PlannedServer[] = []
  const changed: ServerGroup[] = []
  const procedures: GroupProcedure[] = []
  const planMembers: PlanMembers = (members) => ({ stages: operation.stages(unit, inPlace(members)), back: [] })
  const plan = operation.alike === true ? planAlike(planMembers) : planMembers
  for (const group of groups) {
    const judged = membersOf(world, unit, group).map((member) => ({ member, verdict: operation.judge(member) }))
    for (const { member, verdict } of judged) {
      lines.push({ server: member.server.slot, address: member.server.address, ...verdict })
    }
    const affected = judged.filter(({ verdict }) => verdict.action !== 'none')
    const [first] = affected
    if (first === undefined) continue
    const members = affected.map(({ member }) => member)
    changed.push(group)
    procedures.push({
      change: {
        group: group.name,
        ...first.verdict,
        disturbs: operation.disturbs,
        expects: members.flatMap((member) => expectServer(world, member)),
      },
      ...plan(members),
    })
  }
  return {
    claims: changed.map(({ name }) => groupClaim(unit.name, name)),
    servers: lines,
    phases: wholeUnit(procedures, EACH_FOR_ITSELF),
    warnings: markWarnings(groups),
  }
}
