import * as z from 'zod'
import { mayPass } from '../../domain/server-status.ts'
import { VmunitError } from '../../errors/index.ts'
import type { Operation } from '../../ports/index.ts'
import { checkLinked } from '../block-servers/linkage.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import { planFleet, type Verdict } from '../roll/fleet-operation.ts'
import { groupsInput } from '../roll/input.ts'
import type { Member } from '../roll/member.ts'
import { startStages, unblockStage } from '../roll/stages.ts'
import { awaitHealth, runJob, unblockServer } from '../steps/index.ts'

export interface StartInput {
  readonly unit: string
  /** All groups by default. */
  readonly groups?: readonly string[] | undefined
  /** Whether the servers get traffic afterwards. By default those behind a load balancer; `true` asks that there is one. */
  readonly unblock?: boolean | undefined
}

const input = z.strictObject({ ...groupsInput, unblock: z.boolean().optional() })

/**
 * Starts the applications of a unit or of some groups, tier by tier in start order, then sends them traffic
 * (manual 6.1.1, 6.1.2).
 *
 * Servers that work already count as success and are not touched. Machines are not switched on: see {@link power}.
 * When a server fails it is `fault(starting)`, the tiers after it are not started, and its group gets no traffic.
 *
 * @throws {@link VmunitError} `ERR_WRONG_STATE` for servers that are not built, or are in the middle of a stop, and with
 * `unblock: true` when no tier of the groups has a load balancer.
 */
export const start: Operation<StartInput, FleetResult> = defineOperation({
  name: 'start',
  version: 1,
  input,
  scope: ({ unit }) => ({ unit }),
  kinds: [runJob, awaitHealth, unblockServer],
  plan(request, world) {
    const { unit, groups, unblock = true } = request
    if (request.unblock === true) checkLinked(world, request)
    return planFleet(world, {
      unit,
      groups,
      judge: (member) => judge(member, unblock),
      disturbs: false,
      alike: true,
      stages: ({ tiers }, placed) => {
        const stopped = placed.filter(({ member }) => member.server.status !== 'working')
        return [...startStages(tiers, stopped), ...(unblock ? [unblockStage(placed)] : [])]
      },
    })
  },
  result: (_plan, finished) => fleetResult(finished),
})

function judge({ server, tier }: Member, unblock: boolean): Verdict {
  if (!mayPass(server.status, 'start')) {
    throw new VmunitError(
      'ERR_WRONG_STATE',
      `Server ${server.address} is ${server.status}. ${server.status === 'stopping' ? 'Stop' : 'Update'} it first, or name the groups to start.`,
      {
        details: { server: server.slot, status: server.status },
      },
    )
  }
  const lacksTraffic = unblock && tier.balancer !== undefined && server.traffic !== 'in'
  if (server.status === 'working' && !lacksTraffic) return { action: 'none', reason: 'works already' }
  return { action: 'start', reason: server.status === 'working' ? 'gets no traffic' : `is ${server.status}` }
}
