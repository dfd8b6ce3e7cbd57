import type { ResourceRequest } from '../../domain/resource-request.ts'
import type { Template, TemplateVersion } from '../../domain/template.ts'
import { VmunitError } from '../../errors/index.ts'
import { assertNever } from '../../internal/assert-never.ts'
import type { Machine, World } from '../../ports/index.ts'
import { unitOf } from '../roll/members-of.ts'

/** A version of a template that servers may still be made from. */
export function versionOf(
  world: World,
  name: string,
  number: number,
): TemplateVersion & { readonly hypervisor: string } {
  const template = templateOf(world, name)
  const version = template.versions.find((known) => known.number === number)
  if (version === undefined || version.state === 'revoked') {
    const usable = template.versions.filter(({ state }) => state !== 'revoked').map((known) => known.number)
    throw new VmunitError(
      'ERR_NOT_FOUND',
      `Template ${name} has no version ${number} to make servers from; there are ${usable.join(', ')}.`,
      { details: { template: name, version: number, known: usable } },
    )
  }
  return { ...version, hypervisor: template.hypervisor }
}

export function templateOf(world: World, name: string): Template {
  const template = world.templates.get(name)
  if (template !== undefined) return template
  throw new VmunitError('ERR_NOT_FOUND', `There is no template ${name}. Register it first.`, {
    details: { template: name, known: [...world.templates.keys()].slice(0, 20) },
  })
}

/** The number of the newest version of a template, whatever its state. */
export function newestVersionOf(world: World, name: string): number {
  return Math.max(...templateOf(world, name).versions.map(({ number }) => number))
}

/** The one machine at an address, as the hypervisor reports it. It may have others, by which a server is attached. */
export function machineAt(world: World, hypervisor: string, address: string): Machine {
  const machines = [...(world.machines.get(hypervisor)?.values() ?? [])]
  const [machine, ...others] = machines.filter(({ addresses }) => addresses.includes(address))
  if (machine !== undefined && others.length === 0) {
    const holder = world.bindings.get(`${hypervisor}/${machine.id}`)
    if (holder !== undefined) throw attached(address, holder)
    return machine
  }
  const code = machine === undefined ? 'ERR_NOT_FOUND' : 'ERR_CONFLICT'
  const found = machine === undefined ? 'No machine' : `More than one machine`
  throw new VmunitError(code, `${found} of ${hypervisor} has the address ${address}. Look for it in the hypervisor.`, {
    details: { address, machines: machine === undefined ? [] : [machine, ...others].map(({ id }) => id) },
  })
}

/**
 * Refuses what cannot be asked for.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND`, `ERR_UNKNOWN_TIER`, `ERR_ALREADY_EXISTS`, `ERR_WRONG_STATE`.
 */
export function checkRequest(world: World, request: ResourceRequest): void {
  switch (request.kind) {
    case 'patchServer':
      versionOf(world, request.template, request.version)
      return
    case 'registerTemplate':
      if (request.deleteVersion !== undefined) versionOf(world, request.template, request.deleteVersion)
      templateOf(world, request.template)
      checkFree(world, [request.server])
      return
    case 'provideServers':
      versionOf(world, request.template, request.version)
      checkGroups(world, request)
      return
    case 'takeBack':
      unitOf(world, request.unit)
      checkFree(world, request.addresses)
      return
    default:
      assertNever(request, 'kind of request')
  }
}

function checkGroups(world: World, request: ResourceRequest & { readonly kind: 'provideServers' }): void {
  const unit = unitOf(world, request.unit)
  for (const { name, servers } of request.groups) {
    if (unit.groups.some((group) => group.name === name)) {
      throw new VmunitError('ERR_ALREADY_EXISTS', `Unit ${unit.name} has a group ${name} already. Name a new one.`, {
        details: { unit: unit.name, group: name },
      })
    }
    for (const { tierId } of servers) {
      if (unit.tiers.some(({ id }) => id === tierId)) continue
      throw new VmunitError('ERR_UNKNOWN_TIER', `The definition of ${unit.name} has no tier ${tierId}.`, {
        details: { unit: unit.name, tier: tierId, known: unit.tiers.map(({ id }) => id) },
      })
    }
  }
}

/** A server that is attached is in use: it is detached before it is given away. */
function checkFree(world: World, addresses: readonly string[]): void {
  for (const address of addresses) {
    const holder = world.addresses.get(address)
    if (holder !== undefined) throw attached(address, holder)
  }
}

function attached(address: string, holder: { readonly unit: string; readonly slot: string }): VmunitError {
  return new VmunitError(
    'ERR_WRONG_STATE',
    `Server ${address} is attached as ${holder.slot} of unit ${holder.unit}. Detach its group first.`,
    { details: { address, ...holder } },
  )
}
