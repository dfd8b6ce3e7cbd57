import type { ManagementUnit, ServerGroup } from '../../domain/management-unit.ts'
import type { PlannedServer, Wave } from '../../domain/plan.ts'
import type { Share } from '../../domain/share.ts'
import { groupClaim } from '../../engine/claims.ts'
import type { Draft, World } from '../../ports/index.ts'
import { checkAvailability, keepServing } from './availability.ts'
import { placeInDomain } from './failure-domains.ts'
import { markWarnings } from './members-of.ts'
import type { GroupProcedure } from './stage.ts'

/** A group that was looked at; without a procedure it needs no change. */
export interface PlannedGroup {
  readonly group: ServerGroup
  readonly servers: readonly PlannedServer[]
  readonly procedure: GroupProcedure | undefined
}

export interface Roll {
  readonly world: World
  readonly unit: ManagementUnit
  readonly planned: readonly PlannedGroup[]
  /** How many groups are out of service at once. */
  readonly waves: readonly Wave[]
  readonly allowOutage: boolean
  /** How many groups may fail in all waves together. */
  readonly maxFailures?: Share | undefined
}

/** What is left to an operation: the order in which its groups are visited. */
export interface PlannedRoll {
  readonly procedures: readonly GroupProcedure[]
  readonly draft: Omit<Draft, 'phases'> & { readonly notes: readonly string[] }
}

/**
 * What every visit to the groups of a unit plans alike: its claims, the lines of its servers, and that no tier loses
 * its last available group unless that is allowed.
 */
export function planRoll({ world, unit, planned, waves, allowOutage, maxFailures }: Roll): PlannedRoll {
  const changed = planned.flatMap(({ group, procedure }) => (procedure === undefined ? [] : [{ group, procedure }]))
  const disturbed = changed.filter(({ procedure }) => procedure.change.disturbs).map(({ group }) => group)
  return {
    procedures: changed.map(({ group, procedure }) => {
      const placed = placeInDomain({ world, unit, waves }, group, procedure)
      return allowOutage ? placed : keepServing(unit, group, placed)
    }),
    draft: {
      claims: changed.map(({ group }) => groupClaim(unit.name, group.name)),
      servers: planned.flatMap(({ servers }) => servers),
      maxFailures,
      notes: checkAvailability({ unit, groups: disturbed, waves, allowOutage }),
      warnings: markWarnings(planned.map(({ group }) => group)),
    },
  }
}
