import * as z from 'zod'
import type { GroupDeclaration } from '../../domain/group-declaration.ts'
import { schemas } from '../../domain/parsers.ts'
import type { TemplateRef } from '../../domain/template.ts'
import type { Operation } from '../../ports/index.ts'
import { usableVersion } from '../apply-template/apply-template.ts'
import { attachClaims, checkOurs, groupOf } from '../attach-groups/attach-groups.ts'
import { bindMachines } from '../attach-groups/bind-machines.ts'
import { checkDeclarations } from '../attach-groups/check-declarations.ts'
import { recordGroup } from '../attach-groups/record-group.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import { unitOf } from '../roll/members-of.ts'
import { QUARANTINE_KINDS, quarantineInput, quarantineNotes } from '../roll/quarantine.ts'
import type { QuarantineOptions } from '../roll/quarantine-options.ts'
import { EACH_FOR_ITSELF, rolling, wayBack } from '../roll/stage.ts'
import * as steps from '../steps/index.ts'
import { newGroup } from './new-group.ts'

export interface ScaleOutInput {
  readonly unit: string
  /** The new groups, as `parseVirtualServerInfo` of `@vmunit/xml-schema` reads them. */
  readonly groups: readonly GroupDeclaration[]
  /**
   * `create`, the default, makes a machine for each server from the template of its tier; `provided` takes those that
   * the resource manager made, which have the addresses already.
   */
  readonly machines?: 'create' | 'provided' | undefined
  /** The version for the tiers of its template; other tiers, and all by default, get their current version. */
  readonly template?: TemplateRef | undefined
  /** By management address: the id or name of a provided machine, where the hypervisor's addresses do not tell. */
  readonly vms?: Readonly<Record<string, string>> | undefined
  /** Whether the servers are started and get traffic. Default true. */
  readonly start?: boolean | undefined
  /** What is kept of machines that were made and fail, and within which budget. */
  readonly quarantine?: QuarantineOptions | undefined
}

const input = z
  .strictObject({
    unit: schemas.name,
    groups: z.array(schemas.groupDeclaration).min(1),
    machines: z.enum(['create', 'provided']).optional(),
    template: schemas.templateRef.optional(),
    vms: z.record(schemas.ipv4, z.string().min(1)).optional(),
    start: z.boolean().optional(),
    quarantine: quarantineInput.optional(),
  })
  .refine(({ machines, template }) => !(machines === 'provided' && template !== undefined), {
    message: 'cannot be combined with provided machines: those are made already',
    path: ['template'],
  })
  .refine(({ machines, vms }) => machines === 'provided' || vms === undefined, {
    message: 'names provided machines: pass machines: "provided" with it',
    path: ['vms'],
  })

/**
 * Adds groups to a unit: machines from the template, attach, power on, update, start, traffic (manual 6.2.1).
 *
 * Each group for itself. The errors are those of `attachGroups`, and any of them attaches nothing. When something fails,
 * machines that were made are kept in quarantine, switched off, and the group stays attached without machines: look at
 * them, then `scaleIn` the group. Provided machines stay as they are.
 *
 * @throws {@link VmunitError} as {@link attachGroups}; `ERR_NOT_FOUND` for a template without an active version.
 * @example
 * ```ts
 * const groups = parseVirtualServerInfo(await readFile('virtualserver-info.xml'))
 * await manager.execute(scaleOut, { unit: 'gyoumu_a', groups })
 * ```
 */
export const scaleOut: Operation<ScaleOutInput, FleetResult> = defineOperation({
  name: 'scaleOut',
  version: 1,
  input,
  scope: ({ unit }) => ({ unit }),
  kinds: [
    recordGroup,
    steps.adoptMachine,
    steps.awaitGuest,
    steps.awaitHealth,
    steps.bindServer,
    steps.createMachine,
    steps.leavePool,
    steps.powerMachine,
    steps.pushDefinition,
    steps.runJob,
    steps.unblockServer,
    ...QUARANTINE_KINDS,
  ],
  plan(request, world) {
    const { machines: source = 'create', vms = {}, start = true, quarantine } = request
    const unit = unitOf(world, request.unit)
    const { groups, warnings } = checkDeclarations(world, unit, request.groups)
    const version = request.template === undefined ? undefined : usableVersion(world, request.template)
    const servers = source === 'provided' ? groups.flatMap((group) => group.servers) : []
    const machines = bindMachines(world, { unit, declared: request.groups, servers }, { vms, mustFind: true })
    checkOurs(world, machines)
    const added = groups.map((declared) => {
      const group = groupOf({ unit, world, machines }, declared)
      return { group, ...newGroup(world, { unit, group }, { version, start, quarantine }) }
    })
    const procedures = added.map(({ procedure }) => procedure)
    return {
      claims: added.flatMap(({ group }) => attachClaims(unit, group)),
      servers: added.flatMap((one) => one.servers),
      phases: rolling('scale out', procedures, EACH_FOR_ITSELF),
      back: wayBack(procedures, 'rolling'),
      notes: source === 'create' ? quarantineNotes(quarantine) : [],
      warnings,
    }
  },
  result: (_plan, finished) => fleetResult(finished),
})
