import * as z from 'zod'
import type { ManagementUnit, ServerGroup, UnitRecord, VirtualServer } from '../domain/management-unit.ts'
import { groupParser, schemas, unitParser } from '../domain/parsers.ts'
import type { Parser } from '../domain/plain.ts'
import { mayAccess, mayOperate } from '../domain/principal.ts'
import type { TierType } from '../domain/tier.ts'
import { byAddress, type UnitStatus } from '../domain/unit-status.ts'
import { configured } from '../engine/configured.ts'
import { keys } from '../engine/documents.ts'
import { inNaturalOrder } from '../internal/in-natural-order.ts'
import type { Call } from '../ports/index.ts'
import { changeOwner } from './change-owner.ts'
import { createUnit } from './create-unit.ts'
import { deleteUnit } from './delete-unit.ts'
import type { ManagerContext } from './manager-context.ts'
import { parseInput } from './parse-input.ts'
import { checkMayWork, denied } from './rights.ts'
import { getUnit, getUnitToWorkOn } from './unit-access.ts'
import { statusOf } from './unit-status.ts'

export interface CreateUnit {
  readonly name: string
  readonly description?: string | undefined
  /** A key of `ManagerOptions.hypervisors`. */
  readonly hypervisor: string
}

/** What `vmiunit info` shows (spec §3.18). */
export interface UnitInfo {
  readonly name: string
  readonly description: string
  /** Absent where rights come from an external directory: ownership does not count there. */
  readonly owner?: string | undefined
  /** Those of the registered definition. Absent where rights come from an external directory. */
  readonly tiers?: readonly { readonly id: string; readonly type: TierType }[] | undefined
}

/** A server of a unit, with the name of its group. */
export interface UnitServer extends VirtualServer {
  readonly group: string
}

/** The records of management units (manual 7.3, 7.4.6). */
export interface Units {
  /**
   * Creates an empty unit; the principal becomes its owner.
   *
   * @throws {@link VmunitError} `ERR_ALREADY_EXISTS`, `ERR_INVALID_INPUT`, `ERR_LIMIT_REACHED`.
   */
  create(unit: CreateUnit, call?: Call): Promise<ManagementUnit>
  /** Rejects with `ERR_NOT_FOUND` when it does not exist, or the principal may not see it. */
  get(name: string, call?: Call): Promise<ManagementUnit>
  /** The units that the principal may see, by name. */
  list(call?: Call): Promise<readonly ManagementUnit[]>
  /** What a unit is, without its groups. Rejects with `ERR_NOT_FOUND`. */
  info(name: string, call?: Call): Promise<UnitInfo>
  /** The servers of a unit as they are recorded, ascending by address. Rejects with `ERR_NOT_FOUND`. */
  servers(name: string, call?: Call): Promise<readonly UnitServer[]>
  /**
   * Looks at a unit, or some of its groups: what was last done with each server, and what hypervisor, guest and balancer
   * show of it now. Changes nothing; what does not answer is part of the answer.
   *
   * Rejects with `ERR_NOT_FOUND`.
   */
  status(name: string, options?: Call & { readonly groups?: readonly string[] | undefined }): Promise<UnitStatus>
  /**
   * Gives a unit to a builder or to the administrator; administrators only (spec §1.3). A builder who had it loses it
   * at once.
   *
   * @throws {@link VmunitError} `ERR_NOT_FOUND` for the unit or the account; `ERR_EXTERNAL_DIRECTORY`.
   */
  changeOwner(name: string, owner: string, call?: Call): Promise<void>
  /**
   * Removes a unit that has no groups, and its pools at the balancers, unless they have members of others.
   *
   * @throws {@link VmunitError} `ERR_NOT_FOUND`; `ERR_WRONG_STATE` naming the groups; `ERR_CLAIMED` naming the run that
   * works on it; what the balancer answers when it removes no pool, and then the unit stays.
   */
  delete(name: string, call?: Call): Promise<void>
}

const createParser: Parser<CreateUnit> = z.object({
  name: schemas.name,
  hypervisor: z.string().min(1),
  description: z.string().max(1024).optional(),
})

export function createUnits({ principal, ports, access }: ManagerContext): Units {
  const { store, hypervisors } = ports
  const asked = { store, principal }

  async function read(record: UnitRecord, call: Call): Promise<ManagementUnit> {
    const groups: ServerGroup[] = []
    for await (const { value } of store.list(keys.groupsOf(record.name), call)) groups.push(groupParser.parse(value))
    return { ...record, groups: inNaturalOrder(groups) }
  }

  return {
    get: async (name, call = {}) => await read(await getUnit(asked, name, call), call),
    async create(given, call = {}) {
      checkMayWork(principal, 'create units')
      const { name, description = '', hypervisor } = parseInput(createParser, given, 'units.create')
      const record: UnitRecord = { name, owner: principal.name, description, hypervisor, tiers: [] }
      if (!mayOperate(principal, record)) throw denied(principal, `create unit ${name}: no grant names it`)
      configured(new Map(Object.entries(hypervisors)), 'hypervisor', hypervisor)
      await createUnit(store, { record, maxUnits: access.maxUnits }, call)
      return { ...record, groups: [] }
    },
    async list(call = {}) {
      const units: ManagementUnit[] = []
      for await (const { value } of store.list(keys.unit(''), call)) {
        const record = unitParser.parse(value)
        if (mayAccess(principal, record)) units.push(await read(record, call))
      }
      return units
    },
    async info(name, call = {}) {
      const { description, owner, tiers } = await getUnit(asked, name, call)
      if (access.directory !== undefined) return { name, description }
      return { name, description, owner, tiers: tiers.map(({ id, type }) => ({ id, type })) }
    },
    async servers(name, call = {}) {
      const { groups } = await read(await getUnit(asked, name, call), call)
      return groups
        .flatMap(({ name: group, servers }) => servers.map((server): UnitServer => ({ ...server, group })))
        .toSorted(byAddress)
    },
    async status(name, { groups, ...call } = {}) {
      const unit = await read(await getUnit(asked, name, call), call)
      return await statusOf(ports, { unit, groups }, call)
    },
    changeOwner: async (name, owner, call = {}) =>
      await changeOwner({ principal, ports, access }, { name, owner }, call),
    async delete(name, call = {}) {
      checkMayWork(principal, 'delete units')
      await deleteUnit(ports, await getUnitToWorkOn(asked, name, call), call)
    },
  }
}
