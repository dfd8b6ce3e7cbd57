import { addressesOf } from '../domain/addresses.ts'
import type { Definition } from '../domain/definition.ts'
import type { ManagementUnit, ServerGroup } from '../domain/management-unit.ts'
import { definitionParser, groupParser, templateParser, unitParser } from '../domain/parsers.ts'
import { mayOperate, type Principal } from '../domain/principal.ts'
import type { Template } from '../domain/template.ts'
import { UNIT_BALANCER } from '../domain/tier.ts'
import { inNaturalOrder } from '../internal/in-natural-order.ts'
import type {
  Call,
  HypervisorDriver,
  Inventory,
  LoadBalancer,
  OperationScope,
  StateStore,
  World,
} from '../ports/index.ts'
import { keys } from './documents.ts'
import { readMembers } from './read-members.ts'
import { readReserved } from './reservations.ts'
import type { UnitBalancers } from './unit-balancers.ts'

export interface LookOptions {
  readonly store: StateStore
  readonly manager: string
  readonly principal: Principal
  readonly hypervisors: Readonly<Record<string, HypervisorDriver>>
  readonly balancers: Readonly<Record<string, LoadBalancer>>
  /** Absent: balancers of units cannot be used. */
  readonly unitBalancers?: UnitBalancers | undefined
  readonly hasAddressPool: boolean
  /** Absent: everything. */
  readonly scope?: OperationScope | undefined
}

/** Looks once at everything that a plan of this scope may depend on. Opens no guest and changes nothing. */
export async function lookAtWorld(options: LookOptions, call: Call = {}): Promise<World> {
  const { store, manager, principal, hypervisors, balancers, scope } = options
  const all = await readUnits(store, call)
  const units = new Map(all.filter((unit) => mayOperate(principal, unit)).map((unit) => [unit.name, unit]))
  const concerned = [...units.values()].filter(({ name }) => isConcerned(scope, name))
  const visited = scope?.onlyRecords === true ? [] : concerned
  const templates = await readTemplates(store, call)
  const [definitions, inventories, members] = await Promise.all([
    readDefinitions(store, hashesOf(concerned, scope), call),
    readInventories(hypervisors, scope === undefined ? undefined : hypervisorsOf(scope, visited, templates), call),
    readMembers(options, visited, call),
  ])
  return {
    manager,
    principal,
    hypervisors: new Set(Object.keys(hypervisors)),
    balancers: new Set([...Object.keys(balancers), ...(options.unitBalancers === undefined ? [] : [UNIT_BALANCER])]),
    hasAddressPool: options.hasAddressPool,
    units,
    addresses: holdersOf(all),
    reserved: await readReserved(
      store,
      all.flatMap(({ groups }) => groups),
      call,
    ),
    bindings: bindingsOf(all),
    templates,
    templateUses: templateUsesOf(all),
    definitions,
    machines: new Map(inventories.map(([name, { machines }]) => [name, new Map(machines.map((one) => [one.id, one]))])),
    blind: new Map(inventories.map(([name, { blind }]) => [name, blind])),
    members,
  }
}

function hypervisorsOf(
  { template, templateMachines }: OperationScope,
  units: readonly ManagementUnit[],
  templates: ReadonlyMap<string, Template>,
): ReadonlySet<string> {
  const made = templateMachines === true && template !== undefined ? templates.get(template)?.hypervisor : undefined
  return new Set([...units.map((unit) => unit.hypervisor), ...(made === undefined ? [] : [made])])
}

function isConcerned(scope: OperationScope | undefined, unit: string): boolean {
  return scope === undefined || scope.unit === unit
}

/** What is registered, what the plan asks for, and what servers reflect, which may be older. */
function hashesOf(units: readonly ManagementUnit[], scope: OperationScope | undefined): readonly string[] {
  const reflected = units.flatMap(({ groups }) => groups.flatMap(({ servers }) => servers))
  const hashes = [...units.map(({ definition }) => definition), scope?.definition]
  const all = new Set([...hashes, ...reflected.map(({ definitionHash }) => definitionHash)])
  return [...all].filter((hash) => hash !== undefined)
}

async function readUnits(store: StateStore, call: Call): Promise<readonly ManagementUnit[]> {
  const groups: ServerGroup[] = []
  for await (const { value } of store.list('group/', call)) groups.push(groupParser.parse(value))
  const byUnit = Map.groupBy(groups, (group) => group.unit)
  const units: ManagementUnit[] = []
  for await (const { value } of store.list('unit/', call)) {
    const unit = unitParser.parse(value)
    units.push({ ...unit, groups: inNaturalOrder(byUnit.get(unit.name) ?? []) })
  }
  return units
}

async function readTemplates(store: StateStore, call: Call): Promise<ReadonlyMap<string, Template>> {
  const templates = new Map<string, Template>()
  for await (const { value } of store.list('template/', call)) {
    const template = templateParser.parse(value)
    templates.set(template.name, template)
  }
  return templates
}

async function readDefinitions(
  store: StateStore,
  hashes: readonly string[],
  call: Call,
): Promise<ReadonlyMap<string, Definition>> {
  const stored = await store.get(hashes.map(keys.definition), call)
  const definitions = stored.flatMap((document) =>
    document === undefined ? [] : definitionParser.parse(document.value),
  )
  return new Map(definitions.map((definition) => [definition.hash, definition]))
}

async function readInventories(
  hypervisors: LookOptions['hypervisors'],
  names: ReadonlySet<string> | undefined,
  call: Call,
): Promise<readonly (readonly [name: string, Inventory])[]> {
  const entries = Object.entries(hypervisors).filter(([name]) => names === undefined || names.has(name))
  return await Promise.all(
    entries.map(async ([name, hypervisor]) => [name, await hypervisor.inventory({}, call)] as const),
  )
}

function holdersOf(units: readonly ManagementUnit[]): World['addresses'] {
  return new Map(
    units.flatMap(({ name: unit, groups }) =>
      groups.flatMap(({ servers }) =>
        servers.flatMap((server) =>
          addressesOf(server).map((address) => [address, { unit, slot: server.slot }] as const),
        ),
      ),
    ),
  )
}

function bindingsOf(units: readonly ManagementUnit[]): World['bindings'] {
  return new Map(
    units.flatMap(({ name: unit, hypervisor, groups }) =>
      groups.flatMap(({ servers }) =>
        servers.flatMap(({ slot, machine }) =>
          machine === undefined ? [] : [[`${hypervisor}/${machine.id}`, { unit, slot }] as const],
        ),
      ),
    ),
  )
}

function templateUsesOf(units: readonly ManagementUnit[]): World['templateUses'] {
  const uses = units.flatMap(({ name: unit, tiers, groups }) =>
    tiers.map(({ id, template }) => {
      const servers = groups.flatMap((group) => group.servers.filter(({ tierId }) => tierId === id))
      const made = servers.flatMap(({ address, templateVersion: version }) =>
        version === undefined ? [] : [{ address, version }],
      )
      return { template, use: { unit, servers: made } }
    }),
  )
  const byTemplate = Map.groupBy(uses, ({ template }) => template)
  return new Map([...byTemplate].map(([template, found]) => [template, found.map(({ use }) => use)]))
}
