import type { UnitRecord, VirtualServer } from '../domain/management-unit.ts'
import { groupParser, unitParser } from '../domain/parsers.ts'
import type { Call, PoolMember } from '../ports/index.ts'
import { keys } from './documents.ts'
import type { EngineOptions } from './engine-options.ts'
import type { Progress } from './progress.ts'
import { readMembers } from './read-members.ts'

interface Pools {
  readonly tiers: UnitRecord['tiers']
  readonly members: ReadonlyMap<string, readonly PoolMember[]>
}

/**
 * The groups of a run that get no traffic although the records say so, and that it has not begun: it took them out
 * itself, and the records of that were lost. Another group that is taken out now would be one more than anybody allowed.
 */
export async function outUnrecorded(
  engine: Pick<EngineOptions, 'store' | 'balancers' | 'unitBalancers'>,
  { plan, schedule, changes }: Progress,
  { group: taken, ...call }: Call & { readonly group: string },
): Promise<readonly string[]> {
  const { unit } = plan
  if (unit === undefined) return []
  const scheduled = schedule.forward.flat()
  const begun = new Set(scheduled.filter(({ key }) => changes.has(key)).map(({ change }) => change.group))
  const pending = new Set(
    scheduled.map(({ change }) => change.group).filter((name) => name !== taken && !begun.has(name)),
  )
  if (pending.size === 0) return []
  const wanted = [keys.unit(unit), ...[...pending].map((name) => keys.group(unit, name))]
  const [document, ...stored] = await engine.store.get(wanted, call)
  if (document === undefined) return []
  const { tiers } = unitParser.parse(document.value)
  const pools: Pools = { tiers, members: await readMembers(engine, [{ tiers }], call) }
  const groups = stored.flatMap((found) => (found === undefined ? [] : [groupParser.parse(found.value)]))
  return groups.filter(({ servers }) => servers.some((server) => isOut(server, pools))).map(({ name }) => name)
}

/** Whether the pool of its tier shows that a server gets no traffic, where the records say that it does. */
function isOut({ traffic, tierId, slot, member = slot }: VirtualServer, { tiers, members }: Pools): boolean {
  const balancer = tiers.find(({ id }) => id === tierId)?.balancer
  const seen = balancer && members.get(`${balancer.name}/${balancer.pool}`)
  return traffic === 'in' && seen !== undefined && !seen.some((one) => one.slot === member && one.traffic === 'in')
}
