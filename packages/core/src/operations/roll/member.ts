import type { Definition } from '../../domain/definition.ts'
import { DEFAULT_AGENT_PORT } from '../../domain/group-declaration.ts'
import type { BoundMachine, ManagementUnit, VirtualServer } from '../../domain/management-unit.ts'
import type { Plain } from '../../domain/plain.ts'
import { mayPass } from '../../domain/server-status.ts'
import type { Tier } from '../../domain/tier.ts'

/** A server with all that its steps are planned from. */
export interface Member {
  readonly unit: ManagementUnit
  readonly group: string
  readonly tier: Tier
  readonly server: VirtualServer
  /** Whether it has a machine that is not known to be switched off. */
  readonly isOn: boolean
  /** Where its machine is, as the hypervisor tells it. */
  readonly failureDomain?: string | undefined
  /** What is to be reflected on it. */
  readonly definition?: Definition | undefined
}

/** The machine that a step is about: one that exists, or the output of a step that will create it. */
export interface MachineRef {
  /** `{ id, operationId }`. */
  readonly machine: Plain
  readonly id: Plain
  /** Where it is, when that is not where the server is now. */
  readonly addresses?: { readonly management: Plain; readonly service?: Plain } | undefined
}

/** The machine that the server is bound to now. */
export function presentMachine(machine: BoundMachine | undefined): MachineRef {
  return { machine: machine === undefined ? null : { ...machine }, id: machine?.id }
}

/**
 * Where the guest of a member is. The port that files of the original name is that of its own agent, which nobody
 * listens on here: then the guest access knows the port.
 */
export function guestOf({ unit, server }: Member, { id, addresses }: MachineRef): Plain {
  const port = server.port === DEFAULT_AGENT_PORT ? undefined : server.port
  return { address: addresses?.management ?? server.address, hypervisor: unit.hypervisor, machine: id, port }
}

/** The inputs of every step about the machine of a member. */
export function machineOf({ unit, server }: Member, { machine }: MachineRef): { readonly [key: string]: Plain } {
  return { hypervisor: unit.hypervisor, machine, slot: server.slot, unit: unit.name }
}

/** Whether it was ever built on its machine: until that has succeeded, the hook of a first build is to run. */
export function isBuilt({ server }: Pick<Member, 'server'>): boolean {
  return server.definitionHash !== undefined
}

/** Whether the application may be running, so that it must be stopped first and started afterwards. */
export function isRunning({ server }: Pick<Member, 'server'>): boolean {
  return server.status !== 'stopped' && mayPass(server.status, 'stop')
}
