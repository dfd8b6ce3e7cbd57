import type { ServerGroup } from '../../domain/management-unit.ts'
import type { Plain } from '../../domain/plain.ts'
import type { ChangeAction, PlannedServer } from '../../domain/plan.ts'
import { currentVersion, type TemplateVersion } from '../../domain/template.ts'
import { VmunitError } from '../../errors/index.ts'
import type { World } from '../../ports/index.ts'
import { bindServer, createMachine, removeMachine } from '../steps/index.ts'
import { type MembersProcedure, type PlanMembers, planAlike } from './alike.ts'
import { checkAdopted, checkPresent } from './check-machines.ts'
import { expectServer } from './expect.ts'
import { clearing, clearStage, rid } from './left-beside.ts'
import { isRunning, type MachineRef, type Member, machineOf, presentMachine } from './member.ts'
import { quarantineLane, trimStages } from './quarantine.ts'
import type { QuarantineOptions } from './quarantine-options.ts'
import { draft, type GroupProcedure, outputOf, type Stage, type StepDraft } from './stage.ts'
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

/** A server that gets a new machine, and the version that the machine is made from. */
export interface Renewed {
  readonly member: Member
  readonly version: TemplateVersion
}

/** A server with the version of its template that it is brought to. */
export function renewedFrom(world: World, member: Member, version: TemplateVersion): Renewed {
  const isOfTemplate = member.tier.template === version.template
  return { member, version: isOfTemplate ? version : ownVersion(world, member) }
}

/** A server of another template gets a machine of the version that new servers of its own are made from. */
export function ownVersion(world: World, { tier, server }: Member): TemplateVersion {
  const template = world.templates.get(tier.template)
  const version = template === undefined ? undefined : currentVersion(template)
  if (version !== undefined) return version
  throw new VmunitError(
    'ERR_NOT_FOUND',
    `Template ${tier.template} of server ${server.address} has no active version.`,
    {
      details: { server: server.slot, template: tier.template },
    },
  )
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

function createId({ member, version }: Renewed): string {
  return `${member.server.slot}/create@${version.template}:${version.number}`
}

/** The machine that will have been made. */
export function createdMachine(renewed: Renewed): MachineRef {
  const step = createId(renewed)
  return { machine: outputOf(step, 'machine'), id: outputOf(step, 'id') }
}

/** The same step for every server. */
export function each(name: string, replaced: readonly Renewed[], step: (renewed: Renewed) => StepDraft): Stage {
  return { name, lanes: replaced.map((renewed) => [step(renewed)]) }
}

/** Makes the new machine of a server, with the addresses of the server. */
export function create(renewed: Renewed): StepDraft {
  const { address, serviceAddress } = renewed.member.server
  return createAt(renewed, { management: address, service: serviceAddress })
}

/** Makes the new machine of a server with these addresses. */
export function createAt(renewed: Renewed, { management, service }: NonNullable<MachineRef['addresses']>): StepDraft {
  // In the place of the machine that is replaced, so that the fleet stays spread as it is.
  const { unit, tier, server, failureDomain } = renewed.member
  const networks = [
    { address: management, name: tier.networks.management },
    ...(service === undefined ? [] : [{ address: service, name: tier.networks.service }]),
  ]
  const input = {
    beside: true,
    ...(failureDomain !== undefined && { failureDomain }),
    hypervisor: unit.hypervisor,
    image: renewed.version.image,
    networks,
    slot: server.slot,
    unit: unit.name,
  }
  return draft(createMachine, { id: createId(renewed), server: server.slot, input })
}

/** Binds the server to its new machine, on which nothing is built yet. */
export function attach(renewed: Renewed): StepDraft {
  const { machine } = createdMachine(renewed)
  const templateVersion = renewed.version.number
  return bind(renewed.member, { verb: 'attach', machine, templateVersion, status: 'initial' })
}

function rebind({ member }: Renewed): StepDraft {
  const { machine, templateVersion, definitionHash, status } = member.server
  return bind(member, {
    verb: 'rebind',
    machine: machine === undefined ? null : { ...machine },
    templateVersion,
    definitionHash,
    status: status === 'initial' ? 'initial' : 'stopped',
  })
}

/** What becomes of the record of a slot. */
export interface Binding {
  readonly verb: string
  readonly machine: Plain
  readonly status?: 'initial' | 'stopped'
  readonly templateVersion?: number | undefined
  readonly definitionHash?: string | undefined
  /** See `BindServerInput.beside`. */
  readonly beside?: true | undefined
}

/** Binds a server to a machine, or empties its slot. */
export function bind({ unit, server }: Member, binding: Binding): StepDraft {
  const { verb, machine, status = 'stopped', templateVersion, definitionHash, beside } = binding
  return draft(bindServer, {
    id: `${server.slot}/${verb}`,
    server: server.slot,
    input: {
      ...(beside !== undefined && { beside }),
      definitionHash,
      machine,
      slot: server.slot,
      status,
      templateVersion,
      unit: unit.name,
    },
  })
}

/** Deletes the machine that a server is bound to when the plan is made, and that stands beside it by then. */
export function removeOld({ member }: Renewed): StepDraft {
  const { server } = member
  const input = { beside: true, ...machineOf(member, presentMachine(server.machine)) }
  return draft(removeMachine, { id: `${server.slot}/return-old`, server: server.slot, input, final: true })
}

/** Keeps the new machines for inspection. */
export function keepNewStage(renewed: readonly Renewed[], options: QuarantineOptions | undefined): Stage {
  return {
    name: 'quarantine',
    lanes: renewed.map((one) =>
      quarantineLane(one.member, { machine: createdMachine(one), verb: 'quarantine' }, options),
    ),
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
