import * as z from 'zod'
import { VmunitError } from '../../errors/index.ts'
import type { Operation, World } from '../../ports/index.ts'
import { defineOperation } from '../define-operation.ts'
import { type FleetResult, fleetResult } from '../fleet-result.ts'
import { checkHolder } from '../roll/check-holder.ts'
import { planFleet, type Verdict } from '../roll/fleet-operation.ts'
import { groupsInput } from '../roll/input.ts'
import { isRunning, type Member } from '../roll/member.ts'
import { powerOnStage, shutdownStage } from '../roll/stages.ts'
import { awaitGuest, powerMachine } from '../steps/index.ts'

export interface PowerInput {
  readonly unit: string
  /** All groups by default. */
  readonly groups?: readonly string[] | undefined
  /** `off` asks the guests to shut down. */
  readonly to: 'on' | 'off'
}

const input = z.strictObject({ ...groupsInput, to: z.enum(['on', 'off']) })

/**
 * Switches the machines of a unit or of some groups on, and waits until their guests answer; or off.
 *
 * @throws {@link VmunitError} `ERR_NOT_ADOPTED` or `ERR_NOT_OWNED` for servers whose machines are not ours; `ERR_WRONG_STATE` for
 * servers that still run when they are to be switched off.
 */
export const power: Operation<PowerInput, FleetResult> = defineOperation({
  name: 'power',
  version: 1,
  input,
  scope: ({ unit }) => ({ unit }),
  kinds: [powerMachine, awaitGuest],
  plan: ({ unit, groups, to }, world) =>
    planFleet(world, {
      unit,
      groups,
      judge: (member) => judge(world, member, to),
      disturbs: to === 'off',
      alike: true,
      stages: (_unit, placed) => [to === 'on' ? powerOnStage(placed) : shutdownStage(placed)],
    }),
  result: (_plan, finished) => fleetResult(finished),
})

function judge(world: World, member: Member, to: 'on' | 'off'): Verdict {
  const { unit, server } = member
  if (server.machine?.operationId === undefined) {
    throw new VmunitError(
      'ERR_NOT_ADOPTED',
      `The machine of ${server.address} bears no marker of this manager. Attach its group with adopt: true.`,
      { details: { server: server.slot } },
    )
  }
  checkHolder(world, [member])
  if (to === 'off' && isRunning(member)) {
    throw new VmunitError(
      'ERR_WRONG_STATE',
      `Server ${server.address} is ${server.status}. Stop it before it is switched off.`,
      {
        details: { server: server.slot, status: server.status },
      },
    )
  }
  const now = world.machines.get(unit.hypervisor)?.get(server.machine.id)?.power ?? 'unknown'
  return now === to ? { action: 'none', reason: `is ${to}` } : { action: 'power', reason: `is ${now}` }
}
