import * as z from 'zod'
import type { Operation, World } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import { planFleet, type Verdict } from '../roll/fleet-operation.ts'
import { groupsInput } from '../roll/input.ts'
import type { Member } from '../roll/member.ts'
import { blockStage } from '../roll/stages.ts'
import { blockServer } from '../steps/index.ts'
import { checkLinked, trafficAt } from './linkage.ts'

export interface BlockInput {
  readonly unit: string
  /** All groups by default. */
  readonly groups?: readonly string[] | undefined
}

const input = z.strictObject(groupsInput)

/**
 * Takes the traffic away from the servers of a unit or of some groups, whatever state they are in; their applications
 * go on (manual 7.6). Connections may end by themselves until `drainTimeoutMs` has passed.
 *
 * @throws {@link VmunitError} `ERR_WRONG_STATE` when no tier of the groups has a load balancer.
 */
export const block: Operation<BlockInput, FleetResult> = defineOperation({
  name: 'block',
  version: 1,
  input,
  scope: ({ unit }) => ({ unit }),
  kinds: [blockServer],
  plan(request, world) {
    checkLinked(world, request)
    return planFleet(world, {
      ...request,
      judge: (member) => judge(world, member),
      disturbs: true,
      alike: true,
      stages: (_unit, placed) => [blockStage(placed)],
    })
  },
  result: (_plan, finished) => fleetResult(finished),
})

function judge(world: World, member: Member): Verdict {
  if (member.tier.balancer === undefined) return { action: 'none', reason: 'its tier has no load balancer' }
  const isIn = member.server.traffic === 'in' || ['in', 'drain'].includes(trafficAt(world, member))
  return isIn ? { action: 'block', reason: 'gets traffic' } : { action: 'none', reason: 'gets no traffic' }
}
