import type { ManagementUnit, ServerGroup } from '../../domain/management-unit.ts'
import type { PlannedServer } from '../../domain/plan.ts'
import type { World } from '../../ports/index.ts'
import { expectServer } from './expect.ts'
import { isRunning, type Member } from './member.ts'
import type { GroupProcedure } from './stage.ts'
import { blockStage, inPlace, joinStage, reflectStages, startStages, stopStages, unblockStage } from './stages.ts'

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

/**
 * Plans how the definition is brought to the servers of one group. Running servers are left as they are, unless
 * `visit` says that the group is stopped for it and started again.
 */
export function reflectGroup(
  world: World,
  { unit, group, members }: Reflection,
  { visit }: { readonly visit: boolean },
): ReflectedGroup {
  const isStale = ({ server }: Member): boolean =>
    server.status === 'initial' || server.definitionHash !== unit.definition || server.status === 'fault(updating)'
  const reflected = members.filter((member) => isStale(member) && (visit || !isRunning(member)))
  const servers = members.map((member): PlannedServer => {
    const { slot, address, definitionHash } = member.server
    const line = { server: slot, address }
    if (reflected.includes(member)) {
      const reason = `definition ${definitionHash?.slice(0, 8) ?? 'none'} → ${unit.definition?.slice(0, 8)}`
      return { ...line, action: 'reflect', reason }
    }
    if (!isStale(member)) return { ...line, action: 'none', reason: 'reflects the definition already' }
    return { ...line, action: 'none', reason: `is ${member.server.status}: only stopped servers are updated` }
  })
  if (reflected.length === 0) return { servers, procedure: undefined }
  const visited = inPlace(visit ? members.filter(isRunning) : [])
  const { tiers } = unit
  const isFirstTime = ({ member }: { readonly member: Member }): boolean => member.server.status === 'initial'
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
      stages: [
        blockStage(visited),
        ...stopStages(tiers, visited),
        ...reflectStages(tiers, inPlace(reflected), isFirstTime),
        joinStage(inPlace(reflected)),
        ...startStages(tiers, visited),
        unblockStage(visited),
      ],
      back: [],
    },
  }
}
