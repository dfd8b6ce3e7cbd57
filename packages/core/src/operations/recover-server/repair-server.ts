import type { PlannedServer } from '../../domain/plan.ts'
import { VmunitError } from '../../errors/index.ts'
import type { World } from '../../ports/index.ts'
import { checkAdopted } from '../roll/check-machines.ts'
import { expectServer } from '../roll/expect.ts'
import { isBuilt, type Member } from '../roll/member.ts'
import type { GroupProcedure } from '../roll/stage.ts'
import {
  answerStage,
  blockStage,
  inPlace,
  powerOnStage,
  reflectStages,
  startStages,
  stopStages,
  unblockStage,
} from '../roll/stages.ts'

/** What is planned for the one server. */
export interface Recovery {
  readonly line: PlannedServer
  readonly procedure: GroupProcedure
}

/** Plans how a server is brought back on the machine that it has. */
export function repairServer(world: World, member: Member): Recovery {
  const { unit, group, server } = member
  if (server.status === 'initial') {
    throw new VmunitError(
      'ERR_WRONG_STATE',
      `Server ${server.address} was never built, so there is nothing to repair. Update its group, or pass by: 'replace'.`,
      { details: { server: server.slot, status: server.status } },
    )
  }
  const isOn = isPoweredOn(world, member)
  if (!isOn) checkAdopted(world, [member])
  const placed = inPlace([member])
  const reason = `is ${server.status}${isOn ? '' : ', its machine is off'}`
  return {
    line: { server: server.slot, address: server.address, action: 'restart', reason },
    procedure: {
      change: {
        group,
        action: 'restart',
        reason: `repairs ${server.address}`,
        disturbs: true,
        expects: expectServer(world, member),
      },
      stages: [
        blockStage(placed),
        isOn ? answerStage(placed) : powerOnStage(placed),
        ...stopStages(unit.tiers, placed),
        ...reflectStages(unit.tiers, placed, () => !isBuilt(member)),
        ...startStages(unit.tiers, placed),
        unblockStage(placed),
      ],
      back: [],
    },
  }
}

/** A machine that is not seen may be on: then its guest is waited for, as long as a boot may take. */
function isPoweredOn(world: World, { unit, server }: Member): boolean {
  const id = server.machine?.id
  const power = id === undefined ? undefined : world.machines.get(unit.hypervisor)?.get(id)?.power
  return power === undefined || power === 'on' || power === 'unknown'
}
