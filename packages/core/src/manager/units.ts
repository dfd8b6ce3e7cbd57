import type { ManagementUnit, ServerGroup, UnitRecord } from '../domain/management-unit.ts'
import { groupParser, schemas, unitParser } from '../domain/parsers.ts'
import type { Parser } from '../domain/plain.ts'
import { mayAccess, type Principal } from '../domain/principal.ts'
import { commitUpdates } from '../engine/commit-updates.ts'
import { configured } from '../engine/configured.ts'
import { keys, plain } from '../engine/documents.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call, HypervisorDriver, StateStore } from '../ports/index.ts'
import { parseInput } from './parse-input.ts'
import { getUnit } from './unit-access.ts'

export interface CreateUnit {
  readonly name: string
  readonly description?: string | undefined
  /** A key of `ManagerOptions.hypervisors`. */
  readonly hypervisor: string
}

/** The records of management units (manual 7.3). */
export interface Units {
  /** Creates an empty unit; the principal becomes its owner. Rejects with `ERR_ALREADY_EXISTS`. */
  create(unit: CreateUnit, call?: Call): Promise<ManagementUnit>
  /** Rejects with `ERR_NOT_FOUND` when it does not exist, or the principal may not see it. */
  get(name: string, call?: Call): Promise<ManagementUnit>
  /** The units that the principal may see, by name. */
  list(call?: Call): Promise<readonly ManagementUnit[]>
  /** Gives a unit to another owner; administrators only (spec §1.3). */
  changeOwner(name: string, owner: string, call?: Call): Promise<void>
}

const nameParser: Parser<string> = schemas.name
const MAX_DESCRIPTION = 1024

export interface UnitsOptions {
  readonly store: StateStore
  readonly principal: Principal
  readonly hypervisors: Readonly<Record<string, HypervisorDriver>>
}

export function createUnits({ store, principal, hypervisors }: UnitsOptions): Units {
  async function read(record: UnitRecord, call: Call): Promise<ManagementUnit> {
    const groups: ServerGroup[] = []
    for await (const { value } of store.list(keys.groupsOf(record.name), call)) groups.push(groupParser.parse(value))
    return { ...record, groups }
  }

  return {
    get: async (name, call = {}) => await read(await getUnit({ store, principal }, name, call), call),
    async create({ name, description = '', hypervisor }, call = {}) {
      parseInput(nameParser, name, 'units.create')
      if (principal.role === 'resourceManager') throw denied(principal, 'create units')
      if (description.length > MAX_DESCRIPTION) {
        throw new VmunitError('ERR_INVALID_INPUT', `The description is longer than ${MAX_DESCRIPTION} characters.`)
      }
      configured(new Map(Object.entries(hypervisors)), 'hypervisor', hypervisor)
      const record: UnitRecord = { name, owner: principal.name, description, hypervisor, tiers: [] }
      const update = (value: unknown): ReturnType<typeof plain> => {
        if (value === undefined) return plain(record)
        throw new VmunitError('ERR_ALREADY_EXISTS', `There is a unit ${name} already.`, { details: { unit: name } })
      }
      await commitUpdates(store, { updates: [{ key: keys.unit(name), update }] }, call)
      return { ...record, groups: [] }
    },
    async list(call = {}) {
      const units: ManagementUnit[] = []
      for await (const { value } of store.list('unit/', call)) {
        const record = unitParser.parse(value)
        if (mayAccess(principal, record)) units.push(await read(record, call))
      }
      return units
    },
    async changeOwner(name, owner, call = {}) {
      if (principal.role !== 'administrator') throw denied(principal, 'change the owner of a unit')
      if (owner === '') throw new VmunitError('ERR_INVALID_INPUT', 'The name of the new owner is empty.')
      await getUnit({ store, principal }, name, call)
      const update = (value: unknown): ReturnType<typeof plain> => plain({ ...unitParser.parse(value), owner })
      await commitUpdates(store, { updates: [{ key: keys.unit(name), update }] }, call)
    },
  }
}

function denied(principal: Principal, what: string): VmunitError {
  return new VmunitError('ERR_PERMISSION_DENIED', `${principal.name} (${principal.role}) may not ${what}.`, {
    details: { principal: principal.name, role: principal.role },
  })
}
