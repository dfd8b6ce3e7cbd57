import { hasTier, isAvailable } from '../domain/availability.ts'
import { groupParser, unitParser } from '../domain/parsers.ts'
import type { ExpectedFact } from '../domain/plan.ts'
import { groupOfSlot } from '../domain/slot.ts'
import type { Call, StateStore } from '../ports/index.ts'
import { keys } from './documents.ts'

/** Whether another group than that of a fact's server serves the tier that the fact is about. */
export type StandIns = (fact: ExpectedFact) => boolean

/** Looks for available groups, two of each tier in question: one of them is always another one. */
export async function findStandIns(
  store: StateStore,
  expected: readonly ExpectedFact[],
  call: Call = {},
): Promise<StandIns> {
  const asked = expected.filter(({ fact }) => fact === 'standIn')
  const found = new Map<string, readonly string[]>()
  for (const [unit, facts] of Map.groupBy(asked, (fact) => fact.unit)) {
    const tiers = new Set(facts.map(({ about = '' }) => about))
    const groups = await availableGroups(store, { unit, tiers, enough: 2 }, call)
    for (const [tier, names] of groups) found.set(`${unit} ${tier}`, names)
  }
  return ({ unit, server, about = '' }) =>
    (found.get(`${unit} ${about}`) ?? []).some((group) => group !== groupOfSlot(server))
}

export interface GroupSearch {
  readonly unit: string
  readonly tiers: ReadonlySet<string>
  /** How many of each tier are looked for. */
  readonly enough: number
}

/** The names of groups that serve, by tier; as many as are asked for, if there are so many. */
export async function availableGroups(
  store: StateStore,
  { unit, tiers, enough }: GroupSearch,
  call: Call = {},
): Promise<ReadonlyMap<string, readonly string[]>> {
  const groups = new Map<string, string[]>([...tiers].map((tier) => [tier, []]))
  const [document] = await store.get([keys.unit(unit)], call)
  if (document === undefined) return groups
  const record = unitParser.parse(document.value)
  for await (const { value } of store.list(keys.groupsOf(unit), call)) {
    const group = groupParser.parse(value)
    if (isAvailable(record, group)) {
      for (const [tier, names] of groups) if (hasTier(group, tier)) names.push(group.name)
    }
    if ([...groups.values()].every(({ length }) => length >= enough)) break
  }
  return groups
}
