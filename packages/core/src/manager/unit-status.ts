import type { ManagementUnit, UnitRecord } from '../domain/management-unit.ts'
import { definitionParser } from '../domain/parsers.ts'
import { byAddress, countServers, hintOf, type ServerStatus, type UnitStatus } from '../domain/unit-status.ts'
import { type UpdateScopes, updateScopes } from '../domain/update-scope.ts'
import { keys } from '../engine/documents.ts'
import { VmunitError } from '../errors/index.ts'
import { nameSome } from '../internal/name-some.ts'
import type { Call, StateStore } from '../ports/index.ts'
import type { ManagerContext } from './manager-context.ts'
import { observeServers } from './observe-servers.ts'

/** Looks at a unit, or some of its groups, and puts beside each other what the records say and what the world shows. */
export async function statusOf(
  ports: ManagerContext['ports'],
  { unit, groups: names }: { readonly unit: ManagementUnit; readonly groups?: readonly string[] | undefined },
  call: Call = {},
): Promise<UnitStatus> {
  const groups = names === undefined ? unit.groups : unit.groups.filter(({ name }) => names.includes(name))
  checkNames(unit, names ?? [])
  const all = groups.flatMap((group) => group.servers)
  const [scopes, seen] = await Promise.all([
    readScopes(ports.store, unit, call),
    observeServers(ports, { unit, servers: all }, call),
  ])
  const servers = groups
    .flatMap(({ name: group, servers: members, mark }) =>
      members.flatMap((server): readonly ServerStatus[] => {
        const { slot, address, tierId, status: logical } = server
        const observation = seen.get(slot)
        if (observation === undefined) return []
        const { status: observed, balancer, access, machine } = observation
        const updateScope = scopes(server)
        const hint = hintOf(server, observation)
        return [{ address, slot, tierId, group, updateScope, logical, observed, balancer, access, machine, mark, hint }]
      }),
    )
    .toSorted(byAddress)
  return {
    name: unit.name,
    definition: definitionStatus(unit, servers),
    ...countServers(servers),
    groups: groups.map(({ name, mark }) => ({
      name,
      ...countServers(servers.filter(({ group }) => group === name)),
      mark,
    })),
    servers,
  }
}

function definitionStatus({ definition }: UnitRecord, servers: readonly ServerStatus[]): UnitStatus['definition'] {
  if (definition === undefined) return 'none'
  return servers.some(({ updateScope }) => updateScope !== 'none') ? 'changed' : 'reflected'
}

async function readScopes(store: StateStore, unit: ManagementUnit, call: Call): Promise<UpdateScopes> {
  const reflected = unit.groups.flatMap(({ servers }) => servers.flatMap(({ definitionHash }) => definitionHash ?? []))
  const hashes = [...new Set([...(unit.definition === undefined ? [] : [unit.definition]), ...reflected])]
  const stored = await store.get(hashes.map(keys.definition), call)
  const found = stored.flatMap((document) => (document === undefined ? [] : definitionParser.parse(document.value)))
  return updateScopes(unit.definition, new Map(found.map((definition) => [definition.hash, definition])))
}

function checkNames(unit: ManagementUnit, names: readonly string[]): void {
  const known = unit.groups.map(({ name }) => name)
  const missing = names.filter((name) => !known.includes(name))
  if (missing.length === 0) return
  throw new VmunitError(
    'ERR_NOT_FOUND',
    `Unit ${unit.name} has no group ${nameSome(missing)}. ${known.length === 0 ? 'It has none' : `It has ${nameSome(known)}`}.`,
    {
      details: { unit: unit.name, missing, known: known.slice(0, 20) },
    },
  )
}
