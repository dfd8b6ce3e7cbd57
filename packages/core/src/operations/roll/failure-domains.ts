import type { ManagementUnit, ServerGroup } from '../../domain/management-unit.ts'
import type { Wave } from '../../domain/plan.ts'
import type { World } from '../../ports/index.ts'
import type { GroupProcedure } from './stage.ts'

export interface Placement {
  readonly world: World
  readonly unit: ManagementUnit
  readonly waves: readonly Wave[]
}

/**
 * Makes the change of a group say in which failure domain its machines are, when a wave goes by that. A group that is
 * spread over several is in a domain of its own: it shares them with nobody while it is disturbed.
 */
export function placeInDomain(
  { world, unit, waves }: Placement,
  group: ServerGroup,
  procedure: GroupProcedure,
): GroupProcedure {
  if (!waves.some(({ failureDomains }) => failureDomains === 'oneByOne')) return procedure
  const machines = world.machines.get(unit.hypervisor)
  const domains = group.servers.map(({ machine }) => machines?.get(machine?.id ?? '')?.failureDomain ?? '')
  const failureDomain = [...new Set(domains)].sort().join(' ')
  return { ...procedure, change: { ...procedure.change, failureDomain } }
}
