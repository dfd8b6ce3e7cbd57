import type { ServerGroup, UnitRecord } from '../domain/management-unit.ts'
import { groupParser, unitParser } from '../domain/parsers.ts'
import type { Plain } from '../domain/plain.ts'
import type { ExpectedFact, FactName } from '../domain/plan.ts'
import type { Call, StateStore } from '../ports/index.ts'
import { keys } from './documents.ts'

/** The value of a fact that concerns a unit as a whole. */
export type UnitFacts = (fact: ExpectedFact) => Plain

const UNIT_FACTS: readonly FactName[] = ['registeredDefinition', 'knownTier', 'usedTier']

/** Reads what facts about whole units need; the groups only where a plan asks which tiers they use. */
export async function readUnitFacts(
  store: StateStore,
  expected: readonly ExpectedFact[],
  call: Call = {},
): Promise<UnitFacts> {
  const asked = Map.groupBy(
    expected.filter(({ fact }) => UNIT_FACTS.includes(fact)),
    ({ unit }) => unit,
  )
  const records = new Map<string, UnitRecord>()
  const tiers = new Map<string, ReadonlySet<string>>()
  for (const [unit, facts] of asked) {
    const [document] = await store.get([keys.unit(unit)], call)
    if (document !== undefined) records.set(unit, unitParser.parse(document.value))
    if (facts.some(({ fact }) => fact === 'usedTier')) tiers.set(unit, await usedTiers(store, unit, call))
  }
  return ({ unit, fact, about = '' }) => {
    if (fact === 'registeredDefinition') return records.get(unit)?.definition
    if (fact === 'usedTier') return tiers.get(unit)?.has(about)
    return records.get(unit)?.tiers.some(({ id }) => id === about) ?? false
  }
}

async function usedTiers(store: StateStore, unit: string, call: Call): Promise<ReadonlySet<string>> {
  const groups: ServerGroup[] = []
  for await (const { value } of store.list(keys.groupsOf(unit), call)) groups.push(groupParser.parse(value))
  return new Set(groups.flatMap(({ servers }) => servers.map(({ tierId }) => tierId)))
}
