import type { FaultMark, VirtualServer } from './management-unit.ts'
import type { LogicalStatus } from './server-status.ts'
import type { Slot } from './slot.ts'
import type { UpdateScope } from './update-scope.ts'

/**
 * What hypervisor and guest show of a server (spec §2.4).
 *
 * `working`: its application serves. `stopped`: its machine is off, or its application says that it does not serve.
 * `operating`: the guest answers, its application does not. `missing`: the machine that it is bound to does not exist.
 * `unknown`: a part of the world did not answer.
 */
export type ObservedStatus = 'working' | 'stopped' | 'operating' | 'missing' | 'unknown'

/** What one look at a server found. */
export interface Observation {
  readonly status: ObservedStatus
  /** The machine on the hypervisor; `unbound`: the server is known by its address only. */
  readonly machine: 'on' | 'off' | 'suspended' | 'missing' | 'unbound' | 'unknown'
  /** Whether the guest lets the manager in. */
  readonly access: 'online' | 'offline'
  /** Whether the balancer sends it traffic; `none`: its tier has no balancer. */
  readonly balancer: 'blocked' | 'unblocked' | 'none' | 'unknown'
  /** What did not answer, and how. */
  readonly problem?: string | undefined
}

/** A server as `vmiunit status -target virtualserver` shows it. */
export interface ServerStatus {
  /** The original's virtual server identifier. */
  readonly address: string
  readonly slot: Slot
  readonly tierId: string
  readonly group: string
  readonly updateScope: UpdateScope
  /** What the manager last did with it. */
  readonly logical: LogicalStatus
  readonly observed: ObservedStatus
  readonly balancer: Observation['balancer']
  readonly access: Observation['access']
  readonly machine: Observation['machine']
  /** That of its group. */
  readonly mark?: FaultMark | undefined
  /** What hints at a fault: it failed, or the world is not as the record says. */
  readonly hint?: string | undefined
}

/** How many servers there are, how many of them serve, and how many have a hint of a fault. */
export interface ServerCounts {
  readonly allServers: number
  readonly activeServers: number
  readonly invalidServers: number
}

/** A group as `vmiunit status` shows it. */
export interface GroupStatus extends ServerCounts {
  readonly name: string
  readonly mark?: FaultMark | undefined
}

/** A unit as `vmiunit status` shows it, with its groups and servers. */
export interface UnitStatus extends ServerCounts {
  readonly name: string
  /** `changed`: the registered definition is not on every server yet. */
  readonly definition: 'none' | 'changed' | 'reflected'
  /** By name. */
  readonly groups: readonly GroupStatus[]
  /** Ascending by address. */
  readonly servers: readonly ServerStatus[]
}

/** What hints at a fault of a server; undefined when record and world agree. */
export function hintOf(server: Pick<VirtualServer, 'status' | 'traffic'>, seen: Observation): string | undefined {
  const { status, traffic } = server
  if (status.startsWith('fault(')) return `is ${status}`
  if (seen.machine === 'missing') return 'its machine does not exist'
  if (status === 'working' && seen.status !== 'working') return `should work, but ${failureOf(seen)}`
  if ((status === 'stopped' || status === 'initial') && seen.status === 'working') {
    return `should be ${status}, but its application works`
  }
  if (traffic === 'in' && seen.balancer === 'blocked') return 'should get traffic, but the balancer sends it none'
  if (traffic !== 'in' && seen.balancer === 'unblocked') return 'should get no traffic, but the balancer sends it some'
  return undefined
}

function failureOf({ status, machine, problem }: Observation): string {
  if (machine === 'off' || machine === 'suspended') return `its machine is ${machine}`
  if (problem !== undefined) return problem
  return status === 'stopped' ? 'its application is stopped' : 'nobody knows whether it does'
}

/** Counts servers. */
export function countServers(servers: readonly ServerStatus[]): ServerCounts {
  return {
    allServers: servers.length,
    activeServers: servers.filter(({ observed }) => observed === 'working').length,
    invalidServers: servers.filter(({ hint }) => hint !== undefined).length,
  }
}

/** Orders IPv4 addresses by number: `192.168.1.9` before `192.168.1.10`. */
export function byAddress(a: { readonly address: string }, b: { readonly address: string }): number {
  return numberOf(a.address) - numberOf(b.address)
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}
