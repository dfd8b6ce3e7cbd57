import type { Definition } from '../domain/definition.ts'
import type { ManagementUnit, ServerGroup } from '../domain/management-unit.ts'
import { definitionParser, groupParser, templateParser, unitParser } from '../domain/parsers.ts'
import { mayAccess, type Principal } from '../domain/principal.ts'
import type { Template } from '../domain/template.ts'
import type { Call, HypervisorDriver, LoadBalancer, Machine, PoolMember, StateStore, World } from '../ports/index.ts'

export interface LookOptions {
  readonly store: StateStore
  readonly manager: string
  readonly principal: Principal
  readonly hypervisors: Readonly<Record<string, HypervisorDriver>>
  readonly balancers: Readonly<Record<string, LoadBalancer>>
}

/** Looks once at everything that a plan may depend on. Opens no guest and changes nothing. */
export async function lookAtWorld(options: LookOptions, call: Call = {}): Promise<World> {
  const { store, manager, principal, hypervisors, balancers } = options
  const all = await readUnits(store, call)
  const units = new Map(all.filter((unit) => mayAccess(principal, unit)).map((unit) => [unit.name, unit]))
  const [templates, definitions, inventories, members] = await Promise.all([
    readTemplates(store, call),
    readDefinitions(store, units, call),
    readInventories(hypervisors, call),
    readMembers(balancers, units, call),
  ])
  return {
    manager,
    principal,
    hypervisors: new Set(Object.keys(hypervisors)),
    balancers: new Set(Object.keys(balancers)),
    units,
    addresses: addressesOf(all),
    templates,
    definitions,
    machines: new Map(inventories.map(([name, inventory]) => [name, machinesById(inventory.machines)])),
    blind: new Map(inventories.map(([name, inventory]) => [name, inventory.blind])),
    members,
  }
}

async function readUnits(store: StateStore, call: Call): Promise<readonly ManagementUnit[]> {
  const groups: ServerGroup[] = []
  for await (const { value } of store.list('group/', call)) groups.push(groupParser.parse(value))
  const byUnit = Map.groupBy(groups, (group) => group.unit)
  const units: ManagementUnit[] = []
  for await (const { value } of store.list('unit/', call)) {
    const unit = unitParser.parse(value)
    units.push({ ...unit, groups: byUnit.get(unit.name) ?? [] })
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
  units: ReadonlyMap<string, ManagementUnit>,
  call: Call,
): Promise<ReadonlyMap<string, Definition>> {
  const definitions = new Map<string, Definition>()
  for await (const { value } of store.list('definition/', call)) {
    const definition = definitionParser.parse(value)
    definitions.set(definition.hash, definition)
  }
  return definitions
}

async function readInventories(
  hypervisors: LookOptions['hypervisors'],
  call: Call,
): Promise<readonly [name: string, Awaited<ReturnType<HypervisorDriver['inventory']>>][]> {
  const entries = Object.entries(hypervisors)
  return await Promise.all(
    entries.map(async ([name, hypervisor]) => [name, await hypervisor.inventory({}, call)] as const),
  ).then((inventories) => inventories.map(([name, inventory]) => [name, inventory]))
}

async function readMembers(
  balancers: LookOptions['balancers'],
  units: ReadonlyMap<string, ManagementUnit>,
  call: Call,
): Promise<ReadonlyMap<string, readonly PoolMember[]>> {
  const pools = [...units.values()].flatMap((unit) => unit.tiers.flatMap((tier) => tier.balancer ?? []))
  const members = new Map<string, readonly PoolMember[]>()
  await Promise.all(
    pools.map(async ({ name, pool }) => {
      const balancer = balancers[name]
      if (balancer !== undefined) members.set(`${name}/${pool}`, await balancer.members(pool, call))
    }),
  )
  return members
}

function machinesById(machines: readonly Machine[]): ReadonlyMap<string, Machine> {
  return new Map(machines.map((machine) => [machine.id, machine]))
}

function addressesOf(units: readonly ManagementUnit[]): World['addresses'] {
  const addresses = new Map<string, { readonly unit: string; readonly slot: string }>()
  for (const unit of units) {
    for (const group of unit.groups) {
      for (const { address, serviceAddress, slot } of group.servers) {
        addresses.set(address, { unit: unit.name, slot })
        if (serviceAddress !== undefined) addresses.set(serviceAddress, { unit: unit.name, slot })
      }
    }
  }
  return addresses
}
