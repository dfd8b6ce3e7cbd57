import * as z from 'zod'
import { VmunitError } from '../../errors/index.ts'
import type { Operation, World } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import { planFleet, type Verdict } from '../roll/fleet-operation.ts'
import { groupsInput } from '../roll/input.ts'
import type { Member } from '../roll/member.ts'
import { unblockStage } from '../roll/stages.ts'
import { unblockServer } from '../steps/index.ts'
import { checkLinked, trafficAt } from './linkage.ts'

export interface UnblockInput {
  readonly unit: string
  /** All groups by default. */
  readonly groups?: readonly string[] | undefined
}

const input = z.strictObject(groupsInput)

/**
 * Sends traffic to the servers of a unit or of some groups again (manual 7.6). Pools that are missing are made.
 *
 * @throws {@link VmunitError} `ERR_WRONG_STATE` when no tier of the groups has a load balancer, or for servers that do
 * not work: nobody would answer.
 */
export const unblock: Operation<UnblockInput, FleetResult> = defineOperation({
  name: 'unblock',
  version: 1,
  input,
  scope: ({ unit }) => ({ unit }),
  kinds: [unblockServer],
  plan(request, world) {
    checkLinked(world, request)
    return planFleet(world, {
      ...request,
      judge: (member) => judge(world, member),
      disturbs: false,
      alike: true,
      stages: (_unit, placed) => [unblockStage(placed)],
    })
  },
  result: (_plan, finished) => fleetResult(finished),
})

function judge(world: World, member: Member): Verdict {
  const { server, tier } = member
  if (tier.balancer === undefined) return { action: 'none', reason: 'its tier has no load balancer' }
  if (server.status !== 'working') {
    throw new VmunitError(
      'ERR_WRONG_STATE',
      `Server ${server.address} is ${server.status} and gets no traffic. Start it, which sends it traffic too.`,
      { details: { server: server.slot, status: server.status } },
    )
  }
  if (server.traffic === 'in' && trafficAt(world, member) === 'in') return { action: 'none', reason: 'gets traffic' }
  return { action: 'unblock', reason: 'gets no traffic' }
}
