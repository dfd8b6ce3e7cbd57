import type { ServerGroup, VirtualServer } from '../domain/management-unit.ts'
import { groupParser, templateParser, unitParser } from '../domain/parsers.ts'
import type { Plain } from '../domain/plain.ts'
import type { ExpectedFact, FactName } from '../domain/plan.ts'
import { groupOfSlot } from '../domain/slot.ts'
import { isUsable } from '../domain/template.ts'
import { VmunitError } from '../errors/index.ts'
import { assertNever } from '../internal/assert-never.ts'
import { canonicalJson } from '../internal/canonical-json.ts'
import type { Call, HypervisorDriver, Machine, StateStore } from '../ports/index.ts'
import { keys } from './documents.ts'
import { readReserved } from './reservations.ts'
import { findStandIns, type StandIns } from './stand-ins.ts'
import { readUnitFacts, type UnitFacts } from './unit-facts.ts'

export interface FactSources {
  readonly store: StateStore
  readonly hypervisor: (name: string) => HypervisorDriver
}

/**
 * Looks whether servers are still as a plan expects them.
 *
 * @throws {@link VmunitError} `ERR_PLAN_STALE`, naming each server with what was expected and what is there now;
 * `ERR_UNAVAILABLE` when a part of the hypervisor that matters does not answer.
 */
export async function checkFacts(
  sources: FactSources,
  expected: readonly ExpectedFact[],
  call: Call = {},
): Promise<void> {
  if (expected.length === 0) return
  const servers = await readServers(sources.store, expected, call)
  const machines = await readMachines(sources, expected, { servers, call })
  const holders = await readHolders(sources.store, expected, call)
  const newest = await readNewestVersions(sources.store, expected, call)
  const usable = await readUsableVersions(sources.store, expected, call)
  const standIns = await findStandIns(sources.store, expected, call)
  const units = await readUnitFacts(sources.store, expected, call)
  const moved = expected.flatMap((fact) => {
    const found = valueOf(fact, {
      server: servers.get(`${fact.unit}/${fact.server}`),
      machines,
      holders,
      newest,
      usable,
      standIns,
      units,
    })
    const isSame = canonicalJson(found ?? null) === canonicalJson(fact.value ?? null)
    return isSame ? [] : [{ unit: fact.unit, server: fact.server, fact: fact.fact, expected: fact.value, found }]
  })
  if (moved.length === 0) return
  const names = [...new Set(moved.map(({ server }) => server))]
  const [first] = moved
  throw new VmunitError(
    'ERR_PLAN_STALE',
    `The plan no longer fits ${names.join(', ')}: ${first?.fact} of ${first?.server} was ${JSON.stringify(first?.expected)}, ` +
      `now it is ${JSON.stringify(first?.found ?? null)}. Plan again; nothing was changed.`,
    { details: { servers: names, moved } },
  )
}

interface Found {
  readonly server: VirtualServer | undefined
  readonly machines: ReadonlyMap<string, Machine>
  readonly holders: ReadonlyMap<string, Plain>
  readonly newest: ReadonlyMap<string, Plain>
  readonly usable: (about: string) => boolean
  readonly standIns: StandIns
  readonly units: UnitFacts
}

function valueOf(fact: ExpectedFact, found: Found): Plain {
  const { server } = found
  switch (fact.fact) {
    case 'attached':
      return server !== undefined
    case 'address':
      return server?.address
    case 'machine':
      return server?.machine?.id
    case 'power':
      return server?.machine === undefined ? undefined : found.machines.get(server.machine.id)?.power
    case 'status':
      return server?.status
    case 'templateVersion':
      return server?.templateVersion
    case 'definitionHash':
      return server?.definitionHash
    case 'holder':
      return found.holders.get(fact.about ?? '')
    case 'standIn':
      return found.standIns(fact)
    case 'newestVersion':
      return found.newest.get(fact.about ?? '')
    case 'usableVersion':
      return found.usable(fact.about ?? '')
    case 'registeredDefinition':
    case 'knownTier':
    case 'usedTier':
    case 'otherGroup':
      return found.units(fact)
    default:
      return assertNever(fact.fact, 'fact')
  }
}

async function readServers(
  store: StateStore,
  expected: readonly ExpectedFact[],
  call: Call,
): Promise<ReadonlyMap<string, VirtualServer>> {
  const groups = [...new Set(expected.map((fact) => keys.group(fact.unit, groupOfSlot(fact.server))))]
  const stored = await store.get(groups, call)
  const servers = new Map<string, VirtualServer>()
  for (const document of stored) {
    if (document === undefined) continue
    const group = groupParser.parse(document.value)
    for (const server of group.servers) servers.set(`${group.unit}/${server.slot}`, server)
  }
  return servers
}

interface KnownServers {
  readonly servers: ReadonlyMap<string, VirtualServer>
  readonly call: Call
}

async function readMachines(
  { store, hypervisor }: FactSources,
  expected: readonly ExpectedFact[],
  { servers, call }: KnownServers,
): Promise<ReadonlyMap<string, Machine>> {
  const byUnit = Map.groupBy(
    expected.filter(({ fact }) => fact === 'power'),
    ({ unit }) => unit,
  )
  const machines = new Map<string, Machine>()
  for (const [unit, facts] of byUnit) {
    const [document] = await store.get([keys.unit(unit)], call)
    if (document === undefined) continue
    const ids = facts.flatMap((fact) => servers.get(`${unit}/${fact.server}`)?.machine?.id ?? [])
    const inventory = await hypervisor(unitParser.parse(document.value).hypervisor).inventory({ ids }, call)
    if (inventory.blind.length > 0) {
      throw new VmunitError(
        'ERR_UNAVAILABLE',
        `Parts of the hypervisor do not answer (${inventory.blind.join(', ')}), so the plan cannot be checked. Try again.`,
        { retryable: true, details: { blind: inventory.blind } },
      )
    }
    for (const machine of inventory.machines) machines.set(machine.id, machine)
  }
  return machines
}

async function readHolders(
  store: StateStore,
  expected: readonly ExpectedFact[],
  call: Call,
): Promise<ReadonlyMap<string, Plain>> {
  const addresses = subjectsOf(expected, 'holder')
  const stored = await store.get(addresses.map(keys.address), call)
  if (addresses.length === 0) return new Map()
  const groups: ServerGroup[] = []
  for await (const { value } of store.list('group/', call)) groups.push(groupParser.parse(value))
  const reserved = await readReserved(store, groups, call)
  const reservation = (address: string): string | undefined => {
    const found = reserved.get(address)
    return found && `the address pool, for ${found.id}`
  }
  return new Map(addresses.map((address, index) => [address, stored[index]?.value ?? reservation(address)]))
}

async function readNewestVersions(
  store: StateStore,
  expected: readonly ExpectedFact[],
  call: Call,
): Promise<ReadonlyMap<string, Plain>> {
  const templates = subjectsOf(expected, 'newestVersion')
  const stored = await store.get(templates.map(keys.template), call)
  return new Map(
    templates.map((template, index) => {
      const document = stored[index]
      return [template, document && templateParser.parse(document.value).versions.at(-1)?.number]
    }),
  )
}

async function readUsableVersions(
  store: StateStore,
  expected: readonly ExpectedFact[],
  call: Call,
): Promise<(about: string) => boolean> {
  const names = new Set(subjectsOf(expected, 'usableVersion').map((about) => about.split(':')[0] ?? ''))
  const stored = await store.get([...names].map(keys.template), call)
  const versions = stored.flatMap((document) =>
    document === undefined ? [] : templateParser.parse(document.value).versions,
  )
  const usable = new Set(versions.filter(isUsable).map(({ template, number }) => `${template}:${number}`))
  return (about) => usable.has(about)
}

/** What the facts of one name are about, each once. */
function subjectsOf(expected: readonly ExpectedFact[], name: FactName): readonly string[] {
  return [...new Set(expected.flatMap(({ fact, about }) => (fact === name ? (about ?? []) : [])))]
}
