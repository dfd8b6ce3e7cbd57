import type { PlannedServer } from '../../domain/plan.ts'
import type { LogicalStatus } from '../../domain/server-status.ts'
import { type UpdateScope, updateScopes } from '../../domain/update-scope.ts'
import type { World } from '../../ports/index.ts'
import { deployStages } from './deploy.ts'
import { expectServer } from './expect.ts'
import type { Member } from './member.ts'
import type { ReflectedGroup, Reflection } from './reflect.ts'
import { inPlace } from './stages.ts'

/** In the middle of a change of another kind, or after one: what is there is not known well enough. */
const UNSETTLED: readonly LogicalStatus[] = ['starting', 'stopping', 'fault(stopping)']

/** A group that was looked at, and the servers that need more than applications. */
export interface ReflectedApplications extends ReflectedGroup {
  readonly warnings: readonly string[]
}

/**
 * Plans how changed applications are brought to the servers of one group, also to those that work. A server that needs
 * more than applications is left as it is, with a warning.
 */
export function reflectApplications(world: World, { unit, group, members }: Reflection): ReflectedApplications {
  const scopeOf = updateScopes(unit.definition, world.definitions)
  const judged = members.map((member) => ({ member, ...judge(member, scopeOf(member.server)) }))
  const reflected = judged.filter(({ isReflected }) => isReflected).map(({ member }) => member)
  const servers = judged.map(({ member: { server }, isReflected, reason }): PlannedServer => {
    return { server: server.slot, address: server.address, action: isReflected ? 'reflect' : 'none', reason }
  })
  const warnings = judged.flatMap(({ member: { server }, warning }) =>
    warning === undefined ? [] : [`${server.address} was left as it is: ${warning}`],
  )
  if (reflected.length === 0) return { servers, warnings, procedure: undefined }
  return {
    servers,
    warnings,
    procedure: {
      change: {
        group: group.name,
        action: 'reflect',
        reason: `applications → ${unit.definition?.slice(0, 8)}`,
        disturbs: false,
        expects: reflected.flatMap((member) => expectServer(world, member)),
      },
      stages: deployStages(unit.tiers, inPlace(reflected)),
      back: [],
    },
  }
}

interface Judgement {
  readonly isReflected: boolean
  readonly reason: string
  readonly warning?: string | undefined
}

function judge({ server: { status } }: Member, scope: UpdateScope): Judgement {
  if (scope === 'none') return { isReflected: false, reason: 'reflects the definition already' }
  if (status === 'updating' || status === 'fault(updating)') {
    return { isReflected: true, reason: `is ${status}: is built anew` }
  }
  if (scope === 'all') {
    const warning = 'more than applications differ, so it needs a full update while it is stopped'
    return { isReflected: false, reason: 'needs a full update', warning }
  }
  if (UNSETTLED.includes(status)) {
    return { isReflected: false, reason: `is ${status}`, warning: `it is ${status}; start or stop it first` }
  }
  return { isReflected: true, reason: `applications, while it is ${status}` }
}
