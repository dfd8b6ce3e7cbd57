import type { QuarantinedMachine } from '../domain/management-unit.ts'
import { groupParser } from '../domain/parsers.ts'
import type { Call, StateStore } from '../ports/index.ts'
import { groupClaim } from './claims.ts'
import { keys } from './documents.ts'

/** Whose machines are wanted: those of the groups of a unit that these claims cover. */
export interface KeptOf {
  readonly unit: string
  readonly claims: readonly string[]
}

/** The machines in quarantine that a run may do something to, the oldest first. */
export async function keptMachines(
  store: StateStore,
  { unit, claims }: KeptOf,
  call: Call = {},
): Promise<readonly QuarantinedMachine[]> {
  const claimed = new Set(claims)
  const kept: QuarantinedMachine[] = []
  for await (const { value } of store.list(keys.groupsOf(unit), call)) {
    const group = groupParser.parse(value)
    if (claimed.has(`unit/${unit}`) || claimed.has(groupClaim(unit, group.name))) kept.push(...group.quarantine)
  }
  return kept.toSorted((a, b) => a.time - b.time || (a.machine.id < b.machine.id ? -1 : 1))
}
