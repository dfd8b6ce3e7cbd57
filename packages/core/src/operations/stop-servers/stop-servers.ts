import * as z from 'zod'
import type { Operation } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import { planFleet, type Verdict } from '../roll/fleet-operation.ts'
import { groupsInput } from '../roll/input.ts'
import { isRunning, type Member } from '../roll/member.ts'
import { blockStage, stopStages } from '../roll/stages.ts'
import { blockServer, runJob } from '../steps/index.ts'

export interface StopInput {
  readonly unit: string
  /** All groups by default. */
  readonly groups?: readonly string[] | undefined
}

const input = z.strictObject(groupsInput)

/**
 * Takes the traffic away from a unit or some groups, then stops their applications, tier by tier in reverse start
 * order (manual 6.1.1, 6.1.2).
 *
 * Machines stay switched on. Servers that are stopped already count as success and are not touched.
 */
export const stop: Operation<StopInput, FleetResult> = defineOperation({
  name: 'stop',
  version: 1,
  input,
  scope: ({ unit }) => ({ unit }),
  kinds: [blockServer, runJob],
  plan: ({ unit, groups }, world) =>
    planFleet(world, {
      unit,
      groups,
      judge,
      disturbs: true,
      alike: true,
      stages: ({ tiers }, placed) => [blockStage(placed), ...stopStages(tiers, placed)],
    }),
  result: (_plan, finished) => fleetResult(finished),
})

function judge(member: Member): Verdict {
  const reason = `is ${member.server.status}`
  return isRunning(member) ? { action: 'stop', reason } : { action: 'none', reason }
}
