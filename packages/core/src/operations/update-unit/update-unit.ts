import * as z from 'zod'
import { schemas } from '../../domain/parsers.ts'
import type { Wave } from '../../domain/plan.ts'
import type { Share } from '../../domain/share.ts'
import type { Operation } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import { groupsInput, wavesInput } from '../roll/input.ts'
import { checkRegistered, groupsOf, membersOf, unitOf } from '../roll/members-of.ts'
import { planRoll } from '../roll/plan-roll.ts'
import { reflectGroup } from '../roll/reflect.ts'
import { EACH_FOR_ITSELF, EVERYTHING, rolling, wholeUnit } from '../roll/stage.ts'
import { awaitHealth, blockServer, pushDefinition, runJob, unblockServer } from '../steps/index.ts'

export interface UpdateUnitInput {
  readonly unit: string
  /** All groups by default. */
  readonly groups?: readonly string[] | undefined
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
    waves: wavesInput.optional(),
    maxFailures: schemas.share.optional(),
    whole: z.boolean().optional(),
    allowOutage: z.boolean().optional(),
  })
  .refine(({ waves, whole }) => !(whole === true && waves !== undefined), {
    message: 'cannot be combined with whole: the whole unit is one wave',
    path: ['waves'],
  })

/**
 * Reflects the registered definition directory on the servers of a unit (manual 7.4.3): files, `pre-setup` hook when a
 * server is built for the first time, application build; tier by tier in start order.
 *
 * By itself it touches stopped servers only. With `waves` or `whole` running groups are stopped for it and started
 * again. A server that fails is `fault(updating)`; the others of its tier are finished.
 *
 * @throws {@link VmunitError} `ERR_NOTHING_REGISTERED`; `ERR_WOULD_INTERRUPT`.
 */
export const updateUnit: Operation<UpdateUnitInput, FleetResult> = defineOperation({
  name: 'updateUnit',
  version: 1,
  input,
  scope: ({ unit }) => ({ unit }),
  kinds: [blockServer, runJob, pushDefinition, awaitHealth, unblockServer],
  plan(request, world) {
    const { whole = false, allowOutage = false } = request
    const unit = unitOf(world, request.unit)
    checkRegistered(unit)
    const visit = whole || request.waves !== undefined
    const groups = groupsOf(unit, request.groups)
    const planned = groups.map((group) => ({
      group,
      ...reflectGroup(world, { unit, group, members: membersOf(world, unit, group) }, { visit }),
    }))
    const waves = request.waves ?? EVERYTHING
    const { procedures, draft } = planRoll({
      world,
      unit,
      planned,
      waves,
      allowOutage,
      maxFailures: request.maxFailures,
    })
    const isRolling = request.waves !== undefined
    return {
      ...draft,
      phases: isRolling ? rolling('roll', procedures, waves) : wholeUnit(procedures, EACH_FOR_ITSELF),
    }
  },
  result: (_plan, finished) => fleetResult(finished),
})
