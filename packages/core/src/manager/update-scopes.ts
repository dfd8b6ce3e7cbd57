import type { Definition } from '../domain/definition.ts'
import type { VirtualServer } from '../domain/management-unit.ts'
import { definitionParser, groupParser } from '../domain/parsers.ts'
import { type UpdateScope, updateScopes } from '../domain/update-scope.ts'
import { keys } from '../engine/documents.ts'
import type { Call } from '../ports/index.ts'
import { getUnit, type UnitAccess } from './unit-access.ts'

/** The update scope of every server of a unit, by slot. */
export async function updateScopesOf(
  access: UnitAccess,
  unit: string,
  call: Call = {},
): Promise<ReadonlyMap<string, UpdateScope>> {
  const { store } = access
  const { definition } = await getUnit(access, unit, call)
  const servers: VirtualServer[] = []
  for await (const { value } of store.list(keys.groupsOf(unit), call)) servers.push(...groupParser.parse(value).servers)
  const hashes = new Set([definition, ...servers.map(({ definitionHash }) => definitionHash)])
  const stored = await store.get([...hashes].filter((hash) => hash !== undefined).map(keys.definition), call)
  const definitions = new Map<string, Definition>()
  for (const document of stored) {
    if (document === undefined) continue
    const one = definitionParser.parse(document.value)
    definitions.set(one.hash, one)
  }
  const scopeOf = updateScopes(definition, definitions)
  return new Map(servers.map((server) => [server.slot, scopeOf(server)]))
}
