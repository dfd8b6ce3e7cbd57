import type { ServerGroup } from '../../domain/management-unit.ts'
import type { ChangeAction, PlannedServer } from '../../domain/plan.ts'
import type { TemplateVersion } from '../../domain/template.ts'
import type { World } from '../../ports/index.ts'
import { type MembersProcedure, type PlanMembers, planAlike } from './alike.ts'
import { checkAdopted, checkPresent } from './check-machines.ts'
import { expectServer } from './expect.ts'
import { clearing, clearStage, rid } from './left-beside.ts'
import { isRunning, type Member } from './member.ts'
import { trimStages } from './quarantine.ts'
import type { QuarantineOptions } from './quarantine-options.ts'
import {
  attach,
  bind,
  create,
  createdMachine,
  each,
  keepNewStage,
  type Renewed,
  rebind,
  removeOld,
  renewedFrom,
} from './renewed.ts'
import type { GroupProcedure, Stage } from './stage.ts'
import {
  blockStage,
  inPlace,
  type Placed,
  powerOnStage,
  reflectStages,
  shutdownStage,
  startStages,
  stopStages,
  unblockStage,
} from './stages.ts'

export interface Replacement {
  readonly version: TemplateVersion
  /** `tier`: servers that are not on the version yet; `group`: all servers of a group that has one, as the manual does. */
  readonly replace: 'tier' | 'group'
  /** `afterHealth`: the old machines are kept, switched off, until the new ones serve; `first`: there is no way back. */
  readonly returnOld: 'afterHealth' | 'first'
  readonly quarantine?: QuarantineOptions | undefined
}

export interface ReplacedGroup {
  readonly servers: readonly PlannedServer[]
  /** Undefined when the group needs no change. */
  readonly procedure: GroupProcedure | undefined
}

/** Plans how the servers of one group are replaced by machines of a template version; the others are restarted with them. */
export function replaceGroup(
  world: World,
  { group, members }: { readonly group: ServerGroup; readonly members: readonly Member[] },
  { version, partsOf, plan }: Replacing,
): ReplacedGroup {
  const parts = partsOf(members)
  const servers = members.map((member) => lineOf(member, { ...parts, version }))
  const chosen = parts.replaced.map(({ member }) => member)
  if (chosen.length === 0) return { servers, procedure: clearing(group.name, clearStage(world, members)) }
  checkAdopted(world, chosen)
  checkPresent(world, chosen)
  return {
    servers,
    procedure: {
      change: {
        group: group.name,
        action: 'replace',
        reason: reasonOf(
          chosen.filter(({ tier }) => tier.template === version.template),
          version,
        ),
        disturbs: members.some(isRunning),
        expects: members.flatMap((member) => expectServer(world, member)),
      },
      ...plan(members),
    },
  }
}

/** What the groups of a plan have in common in a replacement. */
export interface Replacing {
  readonly version: TemplateVersion
  readonly partsOf: (members: readonly Member[]) => Parts
  readonly plan: PlanMembers
}

/** Prepares a replacement for all groups of a plan. */
export function replacing(world: World, replacement: Replacement): Replacing {
  const { version, replace } = replacement
  const uses = ({ tier }: Member): boolean => tier.template === version.template
  const isOld = (member: Member): boolean => uses(member) && member.server.templateVersion !== version.number
  const partsOf = (members: readonly Member[]): Parts => {
    const isAffected = members.some(isOld)
    const chosen = members.filter((member) => isAffected && (isOld(member) || replace === 'group'))
    return {
      replaced: chosen.map((member) => renewedFrom(world, member, version)),
      restarted: members.filter((member) => isAffected && !chosen.includes(member) && isRunning(member)),
    }
  }
  const plan = planAlike((members) => stagesOf(partsOf(members), { ...replacement, clear: clearStage(world, members) }))
  return { version, partsOf, plan }
}

/** The servers of a group, by what happens to them. */
export interface Parts {
  readonly replaced: readonly Renewed[]
  readonly restarted: readonly Member[]
}

interface StagesOptions extends Pick<Replacement, 'returnOld' | 'quarantine'> {
  /** What takes away what is left from an earlier run. */
  readonly clear: Stage
}

function stagesOf({ replaced, restarted }: Parts, { clear, returnOld, quarantine }: StagesOptions): MembersProcedure {
  const tiers = replaced[0]?.member.unit.tiers ?? []
  const old = inPlace(replaced.map(({ member }) => member))
  const fresh = replaced.map((renewed): Placed => ({ member: renewed.member, machine: createdMachine(renewed) }))
  const others = inPlace(restarted)
  const stopped = [...old, ...others].filter(({ member }) => isRunning(member))
  const started = [...fresh, ...others].filter(({ member }) => isRunning(member))
  const wasOn = old.filter(({ member }) => member.isOn)
  const back = (placed: readonly Placed[]): readonly Placed[] => placed.map((place) => ({ ...place, prefix: 'back' }))

  const stages: readonly Stage[] = [
    clear,
    blockStage(stopped),
    ...stopStages(tiers, stopped),
    shutdownStage(wasOn),
    each('detach', replaced, ({ member }) => bind(member, { verb: 'detach', machine: null, beside: true })),
    ...(returnOld === 'first' ? [each('return', replaced, removeOld)] : []),
    each('provide', replaced, create),
    each('attach', replaced, attach),
    powerOnStage(fresh),
    ...reflectStages(tiers, fresh, () => true),
    ...startStages(tiers, started),
    unblockStage(started),
    ...(returnOld === 'afterHealth' ? [each('return old', replaced, removeOld)] : []),
  ]
  if (returnOld === 'first') return { stages, back: [] }
  return {
    stages,
    back: [
      blockStage(back(stopped)),
      keepNewStage(replaced, quarantine),
      each('rebind', replaced, rebind),
      powerOnStage(back(wasOn)),
      ...startStages(tiers, back(stopped)),
      unblockStage(back(stopped)),
      ...replaced.slice(0, 1).flatMap(({ member }) => trimStages(member.unit, member.group, quarantine)),
    ],
  }
}

/** For people: from which versions to which one. */
export function reasonOf(replaced: readonly Member[], version: TemplateVersion): string {
  const from = new Set(replaced.map(({ server }) => server.templateVersion ?? '?'))
  return `${version.template} ${[...from].join(', ')} → ${version.number}`
}

function lineOf(member: Member, { replaced, restarted, version }: Parts & Pick<Replacement, 'version'>): PlannedServer {
  const { server, tier } = member
  const line = (action: ChangeAction, reason: string): PlannedServer => ({
    server: server.slot,
    address: server.address,
    action,
    reason: `${reason}${rid(server)}`,
  })
  const renewed = replaced.find((one) => one.member === member)?.version
  if (renewed !== undefined) {
    return line('replace', `${renewed.template} ${server.templateVersion ?? '?'} → ${renewed.number}`)
  }
  if (restarted.includes(member)) return line('restart', 'its group goes out of service')
  if (tier.template !== version.template) return line('none', `made from ${tier.template}`)
  return line('none', `${version.template} ${version.number} already`)
}
