import type { UnitRecord, VirtualServer } from '../domain/management-unit.ts'
import { poolNameOf } from '../domain/pool-name.ts'
import type { Observation } from '../domain/unit-status.ts'
import { findBalancer } from '../engine/find-balancer.ts'
import { createLimiter } from '../engine/limiter.ts'
import type { Call, Machine, PoolMember } from '../ports/index.ts'
import type { ManagerContext } from './manager-context.ts'
import { probeGuest } from './probe-guest.ts'

/** How many guests are asked at the same time. */
const GUESTS_AT_ONCE = 64

type Ports = ManagerContext['ports']

/** What is asked for all servers of a unit at once. */
interface Surroundings {
  readonly machines: ReadonlyMap<string, Machine>
  /** Why a machine that is not listed need not be absent. */
  readonly blind?: string | undefined
  readonly members: ReadonlyMap<string, readonly PoolMember[] | string>
}

/**
 * Looks once at servers of a unit, their machines, guests and places at the balancer. Changes nothing.
 *
 * What does not answer is part of the answer: only an abort rejects.
 */
export async function observeServers(
  ports: Ports,
  { unit, servers }: { readonly unit: UnitRecord; readonly servers: readonly VirtualServer[] },
  call: Call = {},
): Promise<ReadonlyMap<string, Observation>> {
  const [machines, members] = await Promise.all([
    lookAtMachines(ports, { unit, servers }, call),
    lookAtPools(ports, unit, call),
  ])
  const surroundings = { ...machines, members }
  const limiter = createLimiter()
  const cost = [{ resource: 'guests', units: 1, capacity: GUESTS_AT_ONCE }]
  const seen = await Promise.all(
    servers.map(async (server) => {
      const look = async (): Promise<Observation> => await observe(ports, { unit, server, surroundings }, call)
      return [server.slot, await limiter.run(cost, look, call)] as const
    }),
  )
  return new Map(seen)
}

interface Observed {
  readonly unit: UnitRecord
  readonly server: VirtualServer
  readonly surroundings: Surroundings
}

async function observe(ports: Ports, { unit, server, surroundings }: Observed, call: Call): Promise<Observation> {
  const { machines, blind } = surroundings
  const tier = unit.tiers.find(({ id }) => id === server.tierId)
  const balancer = trafficOf(tier?.balancer, server, surroundings)
  const machine = server.machine === undefined ? undefined : machines.get(server.machine.id)
  const nothing = { access: 'offline', balancer } as const
  if (server.machine !== undefined && machine === undefined) {
    if (blind === undefined) return { ...nothing, status: 'missing', machine: 'missing' }
    return { ...nothing, status: 'unknown', machine: 'unknown', problem: blind }
  }
  if (machine?.power === 'off' || machine?.power === 'suspended') {
    return { ...nothing, status: 'stopped', machine: machine.power }
  }
  const guest = await probeGuest(ports, { server, machine, application: tier?.application }, call)
  return { ...guest, balancer, machine: machine?.power ?? 'unbound' }
}

async function lookAtMachines(
  { hypervisors }: Ports,
  { unit, servers }: { readonly unit: UnitRecord; readonly servers: readonly VirtualServer[] },
  call: Call,
): Promise<Pick<Surroundings, 'machines' | 'blind'>> {
  const ids = servers.flatMap(({ machine }) => machine?.id ?? [])
  if (ids.length === 0) return { machines: new Map() }
  const hypervisor = Object.hasOwn(hypervisors, unit.hypervisor) ? hypervisors[unit.hypervisor] : undefined
  if (hypervisor === undefined) {
    return { machines: new Map(), blind: `no hypervisor "${unit.hypervisor}" was passed to createManager` }
  }
  try {
    const { machines, blind } = await hypervisor.inventory({ ids }, call)
    const silent = blind.length === 0 ? undefined : `the hypervisor does not see ${blind.join(', ')} now`
    return { machines: new Map(machines.map((machine) => [machine.id, machine])), blind: silent }
  } catch (error) {
    call.signal?.throwIfAborted()
    return { machines: new Map(), blind: `the hypervisor does not answer: ${messageOf(error)}` }
  }
}

async function lookAtPools(ports: Ports, unit: UnitRecord, call: Call): Promise<Surroundings['members']> {
  const places = unit.tiers.flatMap(({ balancer }) => balancer ?? [])
  const looks = places.map(async ({ name, pool }): Promise<readonly [string, readonly PoolMember[] | string]> => {
    const key = `${name}/${pool}`
    const balancer = findBalancer(ports, name)
    if (balancer === undefined) return [key, `no balancer "${name}" was passed to createManager`]
    try {
      return [key, await balancer.members(pool, call)]
    } catch (error) {
      call.signal?.throwIfAborted()
      return [key, messageOf(error)]
    }
  })
  return new Map(await Promise.all(looks))
}

function trafficOf(
  place: { readonly name: string; readonly pool: string } | undefined,
  server: VirtualServer,
  { members }: Surroundings,
): Observation['balancer'] {
  if (place === undefined) return 'none'
  const found = members.get(`${place.name}/${place.pool}`)
  if (found === undefined || typeof found === 'string') return 'unknown'
  return found.some((member) => member.slot === poolNameOf(server) && member.traffic === 'in') ? 'unblocked' : 'blocked'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
