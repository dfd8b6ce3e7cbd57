import * as z from 'zod'
import type { ManagementUnit, ServerGroup } from '../../domain/management-unit.ts'
import { schemas } from '../../domain/parsers.ts'
import type { Wave } from '../../domain/plan.ts'
import type { Share } from '../../domain/share.ts'
import type { Operation } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import { groupsInput, wavesInput } from '../roll/input.ts'
import { isRunning } from '../roll/member.ts'
import { checkRegistered, groupsOf, membersOf, unitOf } from '../roll/members-of.ts'
import { type PlannedGroup, planRoll } from '../roll/plan-roll.ts'
import { reflectGroup, reflecting } from '../roll/reflect.ts'
import { reflectApplications } from '../roll/reflect-applications.ts'
import { EACH_FOR_ITSELF, EVERYTHING, rolling, wholeUnit } from '../roll/stage.ts'
import { awaitHealth, blockServer, joinPool, pushDefinition, runJob, unblockServer } from '../steps/index.ts'

export interface UpdateUnitInput {
  readonly unit: string
  /** All groups by default. */
  readonly groups?: readonly string[] | undefined
  /**
   * `applications`: only those that changed, also on servers that work, which are not stopped for it. Servers that need
   * more are left as they are, with a warning. Default `all`.
   */
  readonly scope?: 'all' | 'applications' | undefined
  /** Visits running groups too: so many at once are stopped, updated and started again. */
  readonly waves?: readonly Wave[] | undefined
  /** How many groups may fail in all waves together; each wave has a limit of its own beside it. */
  readonly maxFailures?: Share | undefined
  /** Stops everything that runs, updates it, and starts it again. */
  readonly whole?: boolean | undefined
  /** Permits a plan that takes the last available group of a tier. */
  readonly allowOutage?: boolean | undefined
}

const input = z
  .strictObject({
    ...groupsInput,
    scope: z.enum(['all', 'applications']).optional(),
    waves: wavesInput.optional(),
    maxFailures: schemas.share.optional(),
    whole: z.boolean().optional(),
    allowOutage: z.boolean().optional(),
  })
  .refine(({ waves, whole }) => !(whole === true && waves !== undefined), {
    message: 'cannot be combined with whole: the whole unit is one wave',
    path: ['waves'],
  })
  .refine(({ scope, whole }) => !(scope === 'applications' && whole === true), {
    message: 'cannot be combined with scope applications: nothing is stopped for those',
    path: ['whole'],
  })

/**
 * Reflects the registered definition directory on the servers of a unit (manual 7.4.3): files, `pre-setup` hook when a
 * server is built for the first time, and again when that failed, application build and deployment; tier by tier in
 * start order.
 *
 * By itself it touches stopped servers only. With `waves` or `whole` running groups are stopped for it and started
 * again. With `scope: 'applications'` nothing is stopped: the files are put in place, the tier's `deploy` command (or
 * else `build`) runs, and servers that work are asked after their health. A server that fails is `fault(updating)`, one
 * that worked `fault(starting)`; the others of its tier are finished.
 *
 * @throws {@link VmunitError} `ERR_NOTHING_REGISTERED`; `ERR_WOULD_INTERRUPT`.
 */
export const updateUnit: Operation<UpdateUnitInput, FleetResult> = defineOperation({
  name: 'updateUnit',
  version: 1,
  input,
  scope: ({ unit }) => ({ unit }),
  kinds: [blockServer, runJob, pushDefinition, joinPool, awaitHealth, unblockServer],
  plan(request, world) {
    const unit = unitOf(world, request.unit)
    checkRegistered(unit)
    const groups = groupsOf(unit, request.groups)
    const { waves: visits, whole = false } = request
    const reflection = reflecting(unit, { visit: whole || visits !== undefined })
    const planned = groups.map((group): PlannedGroup & { readonly warnings: readonly string[] } => {
      const one = { unit, group, members: membersOf(world, unit, group) }
      if (request.scope === 'applications') return { group, ...reflectApplications(world, one) }
      return { group, warnings: [], ...reflectGroup(world, one, reflection) }
    })
    const waves = request.waves ?? EVERYTHING
    const { procedures, draft } = planRoll({
      world,
      unit,
      planned,
      waves,
      allowOutage: request.allowOutage ?? false,
      maxFailures: request.maxFailures,
    })
    const isRolling = request.waves !== undefined
    return {
      ...draft,
      phases: isRolling ? rolling('roll', procedures, waves) : wholeUnit(procedures, EACH_FOR_ITSELF),
      warnings: [
        ...(draft.warnings ?? []),
        ...planned.flatMap(({ warnings }) => warnings),
        ...nothingToUpdate(unit, groups, request),
      ],
    }
  },
  result: (_plan, finished) => fleetResult(finished),
})

/** A unit without servers, or without any that is stopped, is left as it is with a warning (spec §3.14). */
function nothingToUpdate(
  { name }: ManagementUnit,
  groups: readonly ServerGroup[],
  { scope, waves, whole }: UpdateUnitInput,
): readonly string[] {
  const servers = groups.flatMap((group) => group.servers)
  if (servers.length === 0) return [`unit ${name} has no servers to update`]
  if (
    scope === 'applications' ||
    whole === true ||
    waves !== undefined ||
    servers.some((server) => !isRunning({ server }))
  )
    return []
  return ['no server is stopped, and running ones are left as they are: stop them, or update with waves']
}
