import * as z from 'zod'
import { addressesOf } from '../../domain/addresses.ts'
import { hasTier } from '../../domain/availability.ts'
import type { GroupDeclaration } from '../../domain/group-declaration.ts'
import type { ManagementUnit, ServerGroup, VirtualServer } from '../../domain/management-unit.ts'
import { schemas } from '../../domain/parsers.ts'
import type { Plain } from '../../domain/plain.ts'
import type { ExpectedFact, PlannedServer } from '../../domain/plan.ts'
import { slotOf } from '../../domain/slot.ts'
import { groupClaim } from '../../engine/claims.ts'
import { VmunitError } from '../../errors/index.ts'
import type { Machine, Operation, World } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import { unitOf } from '../roll/members-of.ts'
import { draft, EVERYTHING, type GroupProcedure, outputOf, rolling, wayBack } from '../roll/stage.ts'
import { adoptMachine, releaseMachine } from '../steps/index.ts'
import { bindMachines } from './bind-machines.ts'
import { checkDeclarations } from './check-declarations.ts'
import { forgetGroup, recordGroup } from './record-group.ts'

export interface AttachGroupsInput {
  readonly unit: string
  /** What `parseVirtualServerInfo` of `@vmunit/xml-schema` reads from a group information file. */
  readonly groups: readonly GroupDeclaration[]
  /** By management address: the id or name of the machine, where the hypervisor's addresses do not tell. */
  readonly vms?: Readonly<Record<string, string>> | undefined
  /** Writes our marker into each machine, which power, replacement and removal need. Default false. */
  readonly adopt?: boolean | undefined
}

const input = z.strictObject({
  unit: schemas.name,
  groups: z.array(schemas.groupDeclaration).min(1),
  vms: z.record(schemas.ipv4, z.string().min(1)).optional(),
  adopt: z.boolean().optional(),
})

/**
 * Registers groups and their servers with a unit, and binds each server to its machine (manual 7.4.2).
 *
 * Builds and starts nothing. Everything is validated first: any error attaches nothing, a group that exists already is
 * left out with a warning. A server whose machine is not found is attached unbound, unless `adopt` asks for its machine.
 *
 * @throws {@link VmunitError} `ERR_NOTHING_REGISTERED`, `ERR_UNKNOWN_TIER`, `ERR_DUPLICATE_ADDRESS`,
 * `ERR_ALREADY_EXISTS`, `ERR_CONFLICT` when a server fits several machines, `ERR_NOT_FOUND`, `ERR_NOT_OWNED`.
 * @example
 * ```ts
 * const groups = parseVirtualServerInfo(await readFile('virtualserver-info.xml'))
 * await manager.execute(attachGroups, { unit: 'gyoumu_a', groups, adopt: true })
 * ```
 */
export const attachGroups: Operation<AttachGroupsInput, FleetResult> = defineOperation({
  name: 'attachGroups',
  version: 1,
  input,
  scope: ({ unit }) => ({ unit }),
  kinds: [recordGroup, forgetGroup, adoptMachine, releaseMachine],
  plan(request, world) {
    const { adopt = false, vms = {} } = request
    const unit = unitOf(world, request.unit)
    const { groups, warnings } = checkDeclarations(world, unit, request.groups)
    const servers = groups.flatMap((group) => group.servers)
    const machines = bindMachines(world, { unit, declared: request.groups, servers }, { vms, mustFind: adopt })
    if (adopt) checkOurs(world, machines)
    const attached = groups.map((group) => groupOf({ unit, world, machines }, group))
    const procedures = attached.map((group) => procedureOf(unit, group, adopt))
    return {
      claims: attached.flatMap((group) => attachClaims(unit, group)),
      servers: attached.flatMap((group) => group.servers.map((server) => lineOf(server, adopt))),
      phases: rolling('attach', procedures, EVERYTHING),
      back: wayBack(procedures, 'rolling'),
      warnings,
    }
  },
  result: (_plan, finished) => fleetResult(finished),
})

/** What no other run may take while a group is attached: its name and its addresses. */
export function attachClaims(unit: ManagementUnit, group: ServerGroup): readonly string[] {
  return [
    groupClaim(unit.name, group.name),
    // No definition is imported meanwhile: its tiers are those that the servers are attached to.
    `definition/${unit.name}/${group.name}`,
    ...group.servers.flatMap(addressesOf).map((address) => `addresses/all/${address}`),
  ]
}

/** What declared servers are bound with. */
export interface Binding {
  readonly unit: ManagementUnit
  readonly world: World
  readonly machines: ReadonlyMap<string, Machine>
}

/** A declared group as it is recorded: its slots, and the machines that its servers are bound to. */
export function groupOf({ unit, world, machines }: Binding, declared: GroupDeclaration): ServerGroup {
  const counts = new Map<string, number>()
  const servers = declared.servers.map((server): VirtualServer => {
    const ordinal = counts.get(server.tierId) ?? 0
    counts.set(server.tierId, ordinal + 1)
    const machine = machines.get(server.address)
    return {
      slot: slotOf(declared.name, server.tierId, ordinal),
      address: server.address,
      port: server.port,
      serviceAddress: server.serviceAddress,
      tierId: server.tierId,
      machine: machine === undefined ? undefined : { id: machine.id },
      templateVersion: versionOf(world, { unit, tierId: server.tierId, image: machine?.image }),
      status: 'initial',
      traffic: 'none',
    }
  })
  return { name: declared.name, unit: unit.name, servers, quarantine: [] }
}

/** The version of the tier's template that a machine descends from, when its image says so. */
function versionOf(
  world: World,
  {
    unit,
    tierId,
    image,
  }: { readonly unit: ManagementUnit; readonly tierId: string; readonly image: string | undefined },
): number | undefined {
  const template = unit.tiers.find(({ id }) => id === tierId)?.template
  const versions = template === undefined ? [] : (world.templates.get(template)?.versions ?? [])
  return image === undefined ? undefined : versions.find((version) => version.image === image)?.number
}

function procedureOf(unit: ManagementUnit, group: ServerGroup, adopt: boolean): GroupProcedure {
  const record = draft(recordGroup, {
    id: `${group.name}/record`,
    input: { group: JSON.parse(JSON.stringify(group)) as Plain },
  })
  const adoptions = group.servers.map(({ slot, machine }) =>
    machine === undefined
      ? []
      : [
          draft(adoptMachine, {
            id: `${slot}/adopt`,
            server: slot,
            input: { hypervisor: unit.hypervisor, unit: unit.name, slot, id: machine.id },
          }),
        ],
  )
  return {
    change: {
      group: group.name,
      action: 'attach',
      reason: adopt ? 'new, its machines are adopted' : 'new',
      disturbs: false,
      expects: expectNew(unit, group),
    },
    stages: [{ name: 'record', lanes: [[record]] }, ...(adopt ? [{ name: 'adopt', lanes: adoptions }] : [])],
    back: wayOut(unit, group),
  }
}

/** A group whose machines could not all be adopted is not attached at all. */
function wayOut(unit: ManagementUnit, group: ServerGroup): GroupProcedure['back'] {
  const releases = group.servers.map(({ slot }) => {
    const machine = outputOf(`${slot}/adopt`, 'machine')
    const step = { hypervisor: unit.hypervisor, unit: unit.name, slot, machine }
    return [draft(releaseMachine, { id: `${slot}/release`, server: slot, input: step })]
  })
  const forget = draft(forgetGroup, {
    id: `${group.name}/forget`,
    input: { unit: unit.name, group: group.name, addresses: group.servers.flatMap(addressesOf) },
  })
  return [
    { name: 'release', lanes: releases },
    { name: 'forget', lanes: [[forget]] },
  ]
}

/** What the attachment of a group relies on: its addresses are free, and nobody else attached a group of its name. */
export function expectNew(unit: ManagementUnit, group: ServerGroup): readonly ExpectedFact[] {
  // Such a group may have servers of other tiers only.
  const others = unit.tiers.filter(({ id }) => !hasTier(group, id))
  return [
    ...group.servers.flatMap((server) => expectFree(group, server)),
    ...others.map(({ id }): ExpectedFact => {
      return { unit: unit.name, server: slotOf(group.name, id, 0), fact: 'attached', value: false }
    }),
  ]
}

function expectFree(group: ServerGroup, server: VirtualServer): readonly ExpectedFact[] {
  const key = { unit: group.unit, server: server.slot }
  return [
    { ...key, fact: 'attached', value: false },
    { ...key, fact: 'knownTier', about: server.tierId, value: true },
    ...addressesOf(server).map((about): ExpectedFact => ({ ...key, fact: 'holder', about, value: null })),
  ]
}

function lineOf(server: VirtualServer, adopt: boolean): PlannedServer {
  const { slot, address, machine } = server
  const reason = machine === undefined ? 'no machine found yet' : `${adopt ? 'adopts' : 'bound to'} ${machine.id}`
  return { server: slot, address, action: 'attach', reason }
}

/** Refuses machines that bear a marker already. */
export function checkOurs(world: World, machines: ReadonlyMap<string, Machine>): void {
  for (const [address, { id, marker }] of machines) {
    if (marker === 'none') continue
    const holder =
      marker === 'unreadable' ? 'a marker that cannot be read now' : `the marker of ${marker.manager}, ${marker.slot}`
    const isLeftOver = typeof marker === 'object' && marker.manager === world.manager
    const remedy = isLeftOver ? 'Detach it where it belongs first.' : 'It belongs to somebody else.'
    throw new VmunitError('ERR_NOT_OWNED', `Machine ${id} of server ${address} bears ${holder}. ${remedy}`, {
      details: { machine: id, address },
    })
  }
}
