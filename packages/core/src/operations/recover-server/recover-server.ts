import * as z from 'zod'
import type { ServerGroup } from '../../domain/management-unit.ts'
import { schemas } from '../../domain/parsers.ts'
import { VmunitError } from '../../errors/index.ts'
import type { Operation, World } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import { CLEAR_KINDS } from '../roll/left-beside.ts'
import type { Member } from '../roll/member.ts'
import { checkRegistered, membersOf, unitOf } from '../roll/members-of.ts'
import { planRoll } from '../roll/plan-roll.ts'
import { EVERYTHING, rolling } from '../roll/stage.ts'
import * as steps from '../steps/index.ts'
import { repairServer } from './repair-server.ts'
import { replaceServer } from './replace-server.ts'

export interface RecoverServerInput {
  readonly unit: string
  /** Its management address, or its slot. */
  readonly server: string
  /** `repair` keeps the machine; `replace` makes a new one, and keeps the old one for inspection. */
  readonly by: 'repair' | 'replace'
  /** The version of the tier's template for a new machine. Default: the one that the server was made from. */
  readonly version?: number | undefined
  /** Permits a plan that takes the last available group of a tier, when the group serves in spite of the fault. */
  readonly allowOutage?: boolean | undefined
}

const input = z
  .strictObject({
    unit: schemas.name,
    server: z.string().min(1),
    by: z.enum(['repair', 'replace']),
    version: z.int().min(1).optional(),
    allowOutage: z.boolean().optional(),
  })
  .refine(({ by, version }) => by === 'replace' || version === undefined, {
    message: 'is for a new machine: pass by: "replace" with it',
    path: ['version'],
  })

/**
 * Brings one server back into service after a fault (manual 6.3).
 *
 * `repair`: no traffic, the machine is switched on if it is off, the application is stopped, updated and started again,
 * traffic. `replace`: the machine is switched off and kept in quarantine, a new one with the same addresses is made,
 * built and started. The other servers of its group are not touched. When it fails the server stays as it is, out of
 * traffic, to be inspected; there is no way back to a fault.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND`; `ERR_WRONG_STATE` for the repair of a server that was never built;
 * `ERR_NOT_ADOPTED` or `ERR_NOT_OWNED` for a machine that is not ours and would be switched; `ERR_UNAVAILABLE` while nobody can say
 * whether the old machine is there.
 * @example
 * ```ts
 * await manager.execute(recoverServer, { unit: 'gyoumu_a', server: '192.168.1.101', by: 'replace' })
 * ```
 */
export const recoverServer: Operation<RecoverServerInput, FleetResult> = defineOperation({
  name: 'recoverServer',
  version: 1,
  input,
  scope: ({ unit }) => ({ unit }),
  kinds: [
    steps.awaitGuest,
    steps.awaitHealth,
    steps.bindServer,
    steps.collectDiagnostics,
    steps.createMachine,
    steps.powerMachine,
    steps.pushDefinition,
    steps.quarantineMachine,
    steps.runJob,
    steps.unblockServer,
    ...CLEAR_KINDS,
  ],
  plan(request, world) {
    const { by, version, allowOutage = false } = request
    const { group, member } = findServer(world, request)
    const { unit } = member
    checkRegistered(unit)
    const recovery = by === 'repair' ? repairServer(world, member) : replaceServer(world, member, version)
    const planned = [{ group, servers: [recovery.line], procedure: recovery.procedure }]
    const { procedures, draft } = planRoll({ world, unit, planned, waves: EVERYTHING, allowOutage })
    return { ...draft, phases: rolling('recover', procedures, EVERYTHING) }
  },
  result: (_plan, finished) => fleetResult(finished),
})

function findServer(
  world: World,
  request: RecoverServerInput,
): { readonly group: ServerGroup; readonly member: Member } {
  const unit = unitOf(world, request.unit)
  for (const group of unit.groups) {
    const found = group.servers.find(({ slot, address }) => request.server === slot || request.server === address)
    const member = membersOf(world, unit, group).find(({ server }) => server === found)
    if (member !== undefined) return { group, member }
  }
  throw new VmunitError('ERR_NOT_FOUND', `Unit ${unit.name} has no server ${request.server}.`, {
    details: {
      unit: unit.name,
      server: request.server,
      known: unit.groups.flatMap(({ servers }) => servers.map(({ address }) => address)).slice(0, 20),
    },
  })
}
