import type { GroupDeclaration, ServerDeclaration } from '../../domain/group-declaration.ts'
import type { ManagementUnit } from '../../domain/management-unit.ts'
import { VmunitError } from '../../errors/index.ts'
import type { Machine, World } from '../../ports/index.ts'

export interface BindingOptions {
  /** By management address: the id or the name of the machine, where the hypervisor's addresses do not tell. */
  readonly vms: Readonly<Record<string, string>>
  /** Whether every server must find its machine. */
  readonly mustFind: boolean
}

export interface DeclaredServers {
  readonly unit: ManagementUnit
  /** All that was declared, also groups that exist already and are left out. */
  readonly declared: readonly GroupDeclaration[]
  /** Those that are to be bound. */
  readonly servers: readonly ServerDeclaration[]
}

/**
 * Finds the machine of each declared server: the one that is named for its address, else the one at which the
 * hypervisor reports the address. Exactly one must match.
 *
 * @throws {@link VmunitError} `ERR_CONFLICT` when several match, `ERR_NOT_FOUND` when none does and one must.
 */
export function bindMachines(
  world: World,
  { unit, declared, servers }: DeclaredServers,
  options: BindingOptions,
): ReadonlyMap<string, Machine> {
  const machines = [...(world.machines.get(unit.hypervisor)?.values() ?? [])]
  const byAddress = Map.groupBy(
    machines.flatMap((machine) => machine.addresses.map((address) => ({ address, machine }))),
    ({ address }) => address,
  )
  const byName = Map.groupBy(machines, ({ name }) => name)
  const byId = world.machines.get(unit.hypervisor)
  checkNames(options.vms, declared)
  const bound = new Map<string, Machine>()
  const missing: string[] = []
  for (const { address } of servers) {
    const wanted = options.vms[address]
    const named = wanted === undefined ? undefined : byId?.get(wanted)
    const matches =
      wanted === undefined
        ? unmarkedFirst((byAddress.get(address) ?? []).map(({ machine }) => machine))
        : named === undefined
          ? (byName.get(wanted) ?? [])
          : [named]
    const [match, ...others] = matches
    if (others.length > 0) {
      throw new VmunitError(
        'ERR_CONFLICT',
        `Server ${address} fits several machines: ${matches.map(({ id }) => id).join(', ')}. Name the right one in vms.`,
        { details: { address, machines: matches.map(({ id, name }) => ({ id, name })) } },
      )
    }
    if (match !== undefined) bound.set(address, match)
    else if (wanted === undefined) missing.push(address)
    else throw unknownMachine(address, wanted)
  }
  if (missing.length > 0 && options.mustFind) {
    throw new VmunitError(
      'ERR_NOT_FOUND',
      `No machine of ${unit.hypervisor} has the address ${missing.join(', ')}. Switch them on, or name them in vms.`,
      { details: { missing, blind: world.blind.get(unit.hypervisor) } },
    )
  }
  checkEachOnce(bound)
  checkUnbound(world, unit, bound)
  return bound
}

/** A machine that bears a marker, as one in quarantine does, is no candidate beside one that bears none. */
function unmarkedFirst(machines: readonly Machine[]): readonly Machine[] {
  const unmarked = machines.filter(({ marker }) => marker === 'none')
  return unmarked.length > 0 ? unmarked : machines
}

function checkNames(vms: Readonly<Record<string, string>>, declared: readonly GroupDeclaration[]): void {
  const known = new Set(declared.flatMap(({ servers }) => servers.map(({ address }) => address)))
  const unknown = Object.keys(vms).filter((address) => !known.has(address))
  if (unknown.length === 0) return
  throw new VmunitError(
    'ERR_INVALID_INPUT',
    `vms names ${unknown.join(', ')}, which is no address of the groups to attach.`,
    {
      details: { unknown },
    },
  )
}

function unknownMachine(address: string, wanted: string): VmunitError {
  return new VmunitError('ERR_NOT_FOUND', `There is no machine ${wanted}, which vms names for server ${address}.`, {
    details: { address, machine: wanted },
  })
}

function checkUnbound(world: World, unit: ManagementUnit, bound: ReadonlyMap<string, Machine>): void {
  for (const [address, { id }] of bound) {
    const holder = world.bindings.get(`${unit.hypervisor}/${id}`)
    if (holder === undefined) continue
    throw new VmunitError(
      'ERR_CONFLICT',
      `Machine ${id} of server ${address} is bound to ${holder.slot} of unit ${holder.unit}.`,
      {
        details: { address, machine: id, holder },
      },
    )
  }
}

function checkEachOnce(bound: ReadonlyMap<string, Machine>): void {
  const byMachine = Map.groupBy(bound, ([, machine]) => machine.id)
  for (const [id, servers] of byMachine) {
    if (servers.length < 2) continue
    const addresses = servers.map(([address]) => address)
    throw new VmunitError('ERR_CONFLICT', `Servers ${addresses.join(' and ')} would share machine ${id}.`, {
      details: { machine: id, addresses },
    })
  }
}
