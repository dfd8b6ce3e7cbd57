import { hasTier } from '../domain/availability.ts'
import type { ServerGroup, UnitRecord } from '../domain/management-unit.ts'
import { groupParser, unitParser } from '../domain/parsers.ts'
import type { Plain } from '../domain/plain.ts'
import type { ExpectedFact, FactName } from '../domain/plan.ts'
import type { Call, StateStore } from '../ports/index.ts'
import { keys } from './documents.ts'

/** The value of a fact that concerns a unit as a whole. */
export type UnitFacts = (fact: ExpectedFact) => Plain

const UNIT_FACTS: readonly FactName[] = ['registeredDefinition', 'knownTier', 'usedTier', 'otherGroup']

/** Reads what facts about whole units need; the groups only where a plan asks about them. */
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
  const groups = new Map<string, readonly ServerGroup[]>()
  for (const [unit, facts] of asked) {
    const [document] = await store.get([keys.unit(unit)], call)
    if (document !== undefined) records.set(unit, unitParser.parse(document.value))
    if (facts.some(({ fact }) => fact === 'usedTier' || fact === 'otherGroup')) {
      groups.set(unit, await readGroups(store, unit, call))
    }
  }
  return ({ unit, fact, about = '' }) => {
    if (fact === 'registeredDefinition') return records.get(unit)?.definition
    if (fact === 'usedTier') return groups.get(unit)?.some((group) => hasTier(group, about))
    if (fact === 'otherGroup') return hasOther(groups.get(unit) ?? [], about)
    return records.get(unit)?.tiers.some(({ id }) => id === about) ?? false
  }
}

function hasOther(groups: readonly ServerGroup[], about: string): boolean {
  const known = new Set(about.split(','))
  return groups.some(({ name }) => !known.has(name))
}

async function readGroups(store: StateStore, unit: string, call: Call): Promise<readonly ServerGroup[]> {
  const groups: ServerGroup[] = []
  for await (const { value } of store.list(keys.groupsOf(unit), call)) groups.push(groupParser.parse(value))
  return groups
}
