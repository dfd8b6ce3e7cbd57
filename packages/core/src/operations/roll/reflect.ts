import type { ManagementUnit, ServerGroup } from '../../domain/management-unit.ts'
import type { PlannedServer } from '../../domain/plan.ts'
import { inStartOrder } from '../../domain/tier.ts'
import type { World } from '../../ports/index.ts'
import { type MembersProcedure, type PlanMembers, planAlike } from './alike.ts'
import { expectServer } from './expect.ts'
import { isBuilt, isRunning, type Member } from './member.ts'
import type { GroupProcedure } from './stage.ts'
import {
  blockStage,
  byTier,
  inPlace,
  joinLane,
  reflectLane,
  stage,
  startStages,
  stopStages,
  unblockStage,
} from './stages.ts'

export interface ReflectedGroup {
  readonly servers: readonly PlannedServer[]
  readonly procedure: GroupProcedure | undefined
}

/** One group and what of it is looked at. */
export interface Reflection {
  readonly unit: ManagementUnit
  readonly group: ServerGroup
  readonly members: readonly Member[]
}

/** Plans how the definition is brought to the servers of one group. */
export function reflectGroup(
  world: World,
  { unit, group, members }: Reflection,
  { partsOf, plan }: Reflecting,
): ReflectedGroup {
  const { reflected, visited } = partsOf(members)
  const servers = members.map((member): PlannedServer => {
    const { slot, address, definitionHash } = member.server
    const line = { server: slot, address }
    if (reflected.includes(member)) {
      const reason = `definition ${definitionHash?.slice(0, 8) ?? 'none'} → ${unit.definition?.slice(0, 8)}`
      return { ...line, action: 'reflect', reason }
    }
    if (!isStale(unit, member)) return { ...line, action: 'none', reason: 'reflects the definition already' }
    return { ...line, action: 'none', reason: `is ${member.server.status}: only stopped servers are updated` }
  })
  if (reflected.length === 0) return { servers, procedure: undefined }
  return {
    servers,
    procedure: {
      change: {
        group: group.name,
        action: 'reflect',
        reason: `definition → ${unit.definition?.slice(0, 8)}`,
        disturbs: visited.length > 0,
        expects: members.flatMap((member) => expectServer(world, member)),
      },
      ...plan(members),
    },
  }
}

/** The servers of a group, by what happens to them. */
interface Parts {
  readonly reflected: readonly Member[]
  /** Stopped for it, and started again. */
  readonly visited: readonly Member[]
}

/** What the groups of a plan have in common in a reflection. */
export interface Reflecting {
  readonly partsOf: (members: readonly Member[]) => Parts
  readonly plan: PlanMembers
}

/**
 * Prepares a reflection for all groups of a plan. Running servers are left as they are, unless `visit` says that their
 * group is stopped for it and started again.
 */
export function reflecting(unit: ManagementUnit, { visit }: { readonly visit: boolean }): Reflecting {
  const partsOf = (members: readonly Member[]): Parts => ({
    reflected: members.filter((member) => isStale(unit, member) && (visit || !isRunning(member))),
    visited: visit ? members.filter(isRunning) : [],
  })
  return { partsOf, plan: planAlike((members) => reflectMembers(unit, partsOf(members))) }
}

function reflectMembers({ tiers }: ManagementUnit, parts: Parts): MembersProcedure {
  const reflected = inPlace(parts.reflected)
  const visited = inPlace(parts.visited)
  return {
    stages: [
      blockStage(visited),
      ...stopStages(tiers, visited),
      ...byTier(inStartOrder(tiers), reflected).map(({ name, members }) =>
        stage(`update ${name}`, members, (place) => [
          ...reflectLane(place, !isBuilt(place.member)),
          ...joinLane(place),
        ]),
      ),
      ...startStages(tiers, visited),
      unblockStage(visited),
    ],
    back: [],
  }
}

function isStale({ definition }: ManagementUnit, { server }: Member): boolean {
  return server.status === 'initial' || server.definitionHash !== definition || server.status === 'fault(updating)'
}
