import type { ServerGroup } from '../../domain/management-unit.ts'
import type { PlannedServer } from '../../domain/plan.ts'
import { nextPoolNameOf, poolNameOf } from '../../domain/pool-name.ts'
import type { TemplateVersion } from '../../domain/template.ts'
import type { World } from '../../ports/index.ts'
import { switchServer } from '../steps/index.ts'
import { checkAdopted, checkPresent } from './check-machines.ts'
import { expectServer } from './expect.ts'
import { leaveStep } from './leave.ts'
import { clearing, clearStage, rid } from './left-beside.ts'
import { isRunning, type Member } from './member.ts'
import { giveBackSteps, releaseAllLane, reservations, reservedAddresses, reserveSteps } from './pool-addresses.ts'
import { quarantineLane, trimStages } from './quarantine.ts'
import type { QuarantineOptions } from './quarantine-options.ts'
import { createAt, createdMachine, each, type Renewed, removeOld, renewedFrom } from './renewed.ts'
import { type ReplacedGroup, reasonOf } from './replace.ts'
import { draft, type GroupProcedure, type Stage, type StepDraft } from './stage.ts'
import {
  blockStage,
  definitionOf,
  inPlace,
  type Placed,
  powerOnStage,
  reflectStages,
  shutdownStage,
  stage,
  startStages,
  stopStages,
  unblockStage,
} from './stages.ts'

/**
 * Plans how all servers of a group that has one of an older version are replaced by machines beside them.
 *
 * The new machines get addresses of the pool, come up, and take traffic while the old ones still do. Until then the
 * records tell of the old ones, and the way back only takes the new ones away; from the switch on there is none. Then
 * the old ones are drained, stopped and removed, and their addresses are free.
 */
export function replaceBeside(
  world: World,
  { group, members }: { readonly group: ServerGroup; readonly members: readonly Member[] },
  { version, quarantine }: { readonly version: TemplateVersion; readonly quarantine?: QuarantineOptions | undefined },
): ReplacedGroup {
  const uses = (member: Member): boolean => member.tier.template === version.template
  const old = members.filter((member) => uses(member) && member.server.templateVersion !== version.number)
  const clear = clearStage(world, members)
  if (old.length === 0) {
    return { servers: members.map(unchangedLine(version)), procedure: clearing(group.name, clear) }
  }
  const renewed = members.map((member) => renewedFrom(world, member, version))
  checkAdopted(world, members)
  checkPresent(world, members)
  return {
    servers: renewed.map(replacedLine),
    procedure: {
      change: {
        group: group.name,
        action: 'replace',
        reason: `${reasonOf(old, version)}, beside the old one`,
        disturbs: false,
        expects: members.flatMap((member) => expectServer(world, member)),
      },
      ...stagesOf(renewed, { clear, quarantine }),
    },
  }
}

interface StagesOptions {
  /** What takes away what is left from an earlier run. */
  readonly clear: Stage
  readonly quarantine: QuarantineOptions | undefined
}

function stagesOf(
  renewed: readonly Renewed[],
  { clear, quarantine }: StagesOptions,
): Pick<GroupProcedure, 'stages' | 'back'> {
  const tiers = renewed[0]?.member.unit.tiers ?? []
  const members = renewed.map(({ member }) => member)
  const fresh = renewed.map(freshPlace)
  const old = inPlace(members).map((place): Placed => ({ ...place, unrecorded: true }))
  const running = (placed: readonly Placed[]): readonly Placed[] => placed.filter(({ member }) => isRunning(member))
  const returning = fresh.map((place): Placed => ({ ...place, prefix: 'back' }))
  return {
    stages: [
      clear,
      // One after another, so that the same addresses come to the same servers however often it is begun.
      { name: 'reserve', lanes: [members.flatMap(reserveSteps)] },
      each('provide', renewed, provideStep),
      powerOnStage(fresh),
      ...reflectStages(tiers, fresh, () => true),
      ...startStages(tiers, running(fresh)),
      unblockStage(running(fresh)),
      each('switch', renewed, switchStep),
      blockStage(running(old)),
      ...stopStages(tiers, running(old)),
      shutdownStage(old.filter(({ member }) => member.isOn)),
      stage('leave', old, leaveStep),
      each('return old', renewed, removeOld),
      { name: 'release', lanes: members.map(releaseAllLane) },
    ],
    back: [
      blockStage(running(returning)),
      stage('leave', returning, leaveStep),
      {
        name: 'quarantine',
        lanes: fresh.map(({ member, machine }) => quarantineLane(member, { machine, verb: 'quarantine' }, quarantine)),
      },
      { name: 'release', lanes: members.flatMap(giveBackSteps).map((step) => [step]) },
      ...members.slice(0, 1).flatMap(({ unit, group }) => trimStages(unit, group, quarantine)),
    ],
  }
}

/** The machine that comes up beside the one of a server. */
function freshPlace(renewed: Renewed): Placed {
  const { member } = renewed
  return {
    member,
    machine: { ...createdMachine(renewed), addresses: reservedAddresses(member) },
    poolName: nextPoolNameOf(member.server),
    unrecorded: true,
  }
}

/** Makes the new machine of a server, with addresses of its own. */
function provideStep(renewed: Renewed): StepDraft {
  return createAt(renewed, reservedAddresses(renewed.member))
}

/** From here on the new machine is the server's own. */
function switchStep(renewed: Renewed): StepDraft {
  const place = freshPlace(renewed)
  const { server, tier, unit } = renewed.member
  const { management, service } = reservedAddresses(renewed.member)
  const isWorking = isRunning(renewed.member)
  const isInPool = tier.balancer !== undefined && isWorking
  // Who is in no pool keeps the name for the next time.
  const name = isInPool ? place.poolName : poolNameOf(server)
  const input = {
    unit: unit.name,
    slot: server.slot,
    machine: place.machine.machine,
    address: management,
    ...(service !== undefined && { serviceAddress: service }),
    reserved: reservations(renewed.member),
    ...(name !== server.slot && { member: name }),
    templateVersion: renewed.version.number,
    definitionHash: definitionOf(place).hash,
    status: isWorking ? 'working' : 'stopped',
    traffic: isInPool ? 'in' : 'none',
  }
  return draft(switchServer, { id: `${server.slot}/switch`, server: server.slot, input, final: true })
}

function replacedLine({ member: { server }, version }: Renewed): PlannedServer {
  const way = `${server.templateVersion ?? '?'} → ${version.number}, by a machine beside it`
  const reason = `${version.template} ${way}${rid(server)}`
  return { server: server.slot, address: server.address, action: 'replace', reason }
}

function unchangedLine({ template, number }: TemplateVersion): (member: Member) => PlannedServer {
  return ({ server, tier }) => ({
    server: server.slot,
    address: server.address,
    action: 'none',
    reason: `${tier.template === template ? `${template} ${number} already` : `made from ${tier.template}`}${rid(server)}`,
  })
}
