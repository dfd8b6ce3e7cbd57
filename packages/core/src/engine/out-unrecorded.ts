import type { UnitRecord, VirtualServer } from '../domain/management-unit.ts'
import { groupParser, unitParser } from '../domain/parsers.ts'
import type { Call } from '../ports/index.ts'
import { keys } from './documents.ts'
import type { EngineOptions } from './engine-options.ts'
import { findBalancer } from './find-balancer.ts'
import type { Progress } from './progress.ts'

/**
 * The groups of a run that get no traffic although the records say so, and that it has not begun: it took them out
 * itself, and the records of that were lost. Another group that is taken out now would be one more than anybody allowed.
 */
export async function outUnrecorded(
  engine: Pick<EngineOptions, 'store' | 'balancers' | 'unitBalancers'>,
  { plan, schedule, changes }: Progress,
  { group: taken, ...call }: Call & { readonly group: string },
): Promise<readonly string[]> {
  const { store } = engine
  if (plan.unit === undefined) return []
  const scheduled = schedule.forward.flat()
  const begun = new Set(scheduled.filter(({ key }) => changes.has(key)).map(({ change }) => change.group))
  const pending = new Set(
    scheduled.map(({ change }) => change.group).filter((name) => name !== taken && !begun.has(name)),
  )
  if (pending.size === 0) return []
  const [document] = await store.get([keys.unit(plan.unit)], call)
  if (document === undefined) return []
  const inPool = await membersInPools(engine, unitParser.parse(document.value), call)
  const stored = await store.get(
    [...pending].map((name) => keys.group(plan.unit ?? '', name)),
    call,
  )
  const groups = stored.flatMap((found) => (found === undefined ? [] : [groupParser.parse(found.value)]))
  return groups.filter(({ servers }) => servers.some((server) => isOut(server, inPool))).map(({ name }) => name)
}

function isOut(
  { traffic, tierId, slot, member = slot }: VirtualServer,
  inPool: ReadonlyMap<string, Set<string>>,
): boolean {
  return traffic === 'in' && inPool.get(tierId)?.has(member) === false
}

/** By tier: the names of the members that get traffic. */
async function membersInPools(
  engine: Pick<EngineOptions, 'balancers' | 'unitBalancers'>,
  { tiers }: UnitRecord,
  call: Call,
): Promise<ReadonlyMap<string, Set<string>>> {
  const found = new Map<string, Set<string>>()
  for (const { id, balancer: named } of tiers) {
    const balancer = named === undefined ? undefined : findBalancer(engine, named.name)
    if (named === undefined || balancer === undefined) continue
    const members = await balancer.members(named.pool, call)
    found.set(id, new Set(members.filter(({ traffic }) => traffic === 'in').map(({ slot }) => slot)))
  }
  return found
}
