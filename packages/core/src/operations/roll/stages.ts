import { type Definition, PRE_SETUP_HOOK } from '../../domain/definition.ts'
import type { Plain } from '../../domain/plain.ts'
import type { Named } from '../../domain/plan.ts'
import { poolNameOf } from '../../domain/pool-name.ts'
import { passage } from '../../domain/server-status.ts'
import { type Argv, inStartOrder, type Tier } from '../../domain/tier.ts'
import {
  awaitGuest,
  awaitHealth,
  blockServer,
  joinPool,
  powerMachine,
  pushDefinition,
  runJob,
  unblockServer,
} from '../steps/index.ts'
import { DEFINITION_PATH } from '../steps/push-definition.ts'
import { guestOf, type MachineRef, type Member, machineOf, presentMachine } from './member.ts'
import { nothingRegistered } from './members-of.ts'
import { draft, type Lane, type Stage, type StepDraft } from './stage.ts'

/** How long an application command may run. */
const COMMAND_TIMEOUT_MS = 3_600_000

/** How long a guest may take from power on until it answers. */
const BOOT_TIMEOUT_MS = 900_000

/** A member and the machine that a stage works on. */
export interface Placed {
  readonly member: Member
  readonly machine: MachineRef
  /** Set apart from the same stage elsewhere in the plan: `back`. */
  readonly prefix?: string | undefined
  /** Its name in the pool of its tier, where that is not the name of the server. */
  readonly poolName?: string | undefined
  /** The record of the server says nothing of it: the server is, or is going to be, another machine. */
  readonly unrecorded?: true | undefined
}

/** Members with the machines that they are bound to now. */
export function inPlace(members: readonly Member[]): readonly Placed[] {
  return members.map((member) => ({ member, machine: presentMachine(member.server.machine) }))
}

/** The id of a step about a server. */
export function idOf({ member, prefix }: Placed, verb: string): string {
  const id = `${member.server.slot}/${verb}`
  return prefix === undefined ? id : `${prefix}:${id}`
}

/** The same lane for every member. */
export function stage(name: string, placed: readonly Placed[], lane: (placed: Placed) => Lane): Stage {
  return { name, lanes: placed.map(lane) }
}

/** Takes the traffic away from those that have a place in a pool. */
export function blockStage(placed: readonly Placed[]): Stage {
  return stage('block', placed, (place) => {
    const { unit, tier, server } = place.member
    if (tier.balancer === undefined) return []
    const { name, pool, drainTimeoutMs } = tier.balancer
    const input = { balancer: name, drainTimeoutMs, ...inPool(place), pool, slot: server.slot, unit: unit.name }
    return [draft(blockServer, { id: idOf(place, 'block'), server: server.slot, input })]
  })
}

/** Sends traffic to those whose tier has a balancer. */
export function unblockStage(placed: readonly Placed[]): Stage {
  return stage('unblock', placed, (place) => poolLane(place, { kind: unblockServer, verb: 'unblock' }))
}

/** Gives a server whose tier has a balancer, and which has none yet, a place in its pool; without traffic. */
export function joinLane(place: Placed): Lane {
  return place.member.server.traffic === 'none' ? poolLane(place, { kind: joinPool, verb: 'join' }) : []
}

function poolLane(place: Placed, { kind, verb }: { readonly kind: Named; readonly verb: string }): Lane {
  const { unit, tier, server } = place.member
  if (tier.balancer === undefined) return []
  const { name, pool, host, port } = tier.balancer
  const { management = server.address, service = server.serviceAddress } = place.machine.addresses ?? {}
  const own = { ...inPool(place), slot: server.slot, unit: unit.name }
  const input = { address: service ?? management, balancer: name, pool, poolAddress: host, port, ...own }
  return [draft(kind, { id: idOf(place, verb), server: server.slot, input })]
}

/** Under which name a server is in its pool, and whether the record tells of it; nothing where that goes without saying. */
export function inPool({ member: { server }, poolName, unrecorded }: Placed): { readonly [key: string]: Plain } {
  const member = poolName ?? poolNameOf(server)
  return {
    ...(member !== server.slot && { member }),
    ...(unrecorded !== undefined && { unrecorded }),
  }
}

/** What a step says of its server, where the record tells of it. */
function recorded({ unrecorded }: Placed, marks: Marking): Marking | undefined {
  return unrecorded === undefined ? marks : undefined
}

/** Stops the applications: the tiers that start last stop first. */
export function stopStages(tiers: readonly Tier[], placed: readonly Placed[]): readonly Stage[] {
  return byTier(inStartOrder(tiers).toReversed(), placed).map(({ name, members }) =>
    stage(`stop ${name}`, members, (place) => {
      const { unit, tier, server } = place.member
      const marks = { ...statusMarks('stop'), slot: server.slot, unit: unit.name }
      return [jobStep(place, 'stop', { argv: tier.application.stop, marks: recorded(place, marks) })]
    }),
  )
}

/** Starts the applications in tier order and waits until each is healthy. */
export function startStages(tiers: readonly Tier[], placed: readonly Placed[]): readonly Stage[] {
  return byTier(inStartOrder(tiers), placed).map(({ name, members }) =>
    stage(`start ${name}`, members, (place) => {
      const { unit, tier, server } = place.member
      const { during, done, failed } = passage('start')
      const key = { slot: server.slot, unit: unit.name }
      const { health, startTimeoutMs } = tier.application
      return [
        jobStep(place, 'start', {
          argv: tier.application.start,
          marks: recorded(place, { began: during, failed, ...key }),
        }),
        draft(awaitHealth, {
          id: idOf(place, 'health'),
          server: server.slot,
          input: {
            argv: health,
            guest: guestOf(place.member, place.machine),
            marks: recorded(place, { done, failed, ...key }),
            timeoutMs: startTimeoutMs,
          },
        }),
      ]
    }),
  )
}

/** Switches the machines on and waits until their guests answer. */
export function powerOnStage(placed: readonly Placed[]): Stage {
  return stage('power on', placed, (place) => [powerStep(place, 'on'), answerStep(place)])
}

/** Waits until the guests answer. */
export function answerStage(placed: readonly Placed[]): Stage {
  return stage('answer', placed, (place) => [answerStep(place)])
}

/** Waits until a guest answers; after a reboot, until it answers with another boot id. */
export function answerStep(place: Placed, after?: Plain): StepDraft {
  return draft(awaitGuest, {
    id: idOf(place, 'answer'),
    server: place.member.server.slot,
    input: { ...(guestOf(place.member, place.machine) as object), timeoutMs: BOOT_TIMEOUT_MS, after },
  })
}

/** Shuts the guests down, which switches the machines off. */
export function shutdownStage(placed: readonly Placed[]): Stage {
  return stage('shut down', placed, (place) => [powerStep(place, 'shutdown')])
}

/** Switches the machine of a server on, or asks its guest to shut down. */
export function powerStep(place: Placed, to: 'on' | 'shutdown'): StepDraft {
  const { unit, ...machine } = machineOf(place.member, place.machine)
  const input = { ...machine, to, unit }
  return draft(powerMachine, { id: idOf(place, `power-${to}`), server: place.member.server.slot, input })
}

/** Brings the definition to the servers, tier by tier: files, hook when they are built for the first time, build. */
export function reflectStages(
  tiers: readonly Tier[],
  placed: readonly Placed[],
  firstTime: (placed: Placed) => boolean,
): readonly Stage[] {
  return byTier(inStartOrder(tiers), placed).map(({ name, members }) =>
    stage(`update ${name}`, members, (place) => reflectLane(place, firstTime(place))),
  )
}

/** Files, hook when it is the first time, build, and all applications, for one server that is stopped. */
export function reflectLane(place: Placed, isFirstTime: boolean): Lane {
  const { tier, definition } = place.member
  const hasHook = isFirstTime && definition?.files.some(({ path }) => path === PRE_SETUP_HOOK) === true
  const { build, deploy } = tier.application
  return updateLane(place, [
    ...(hasHook ? [{ verb: 'pre-setup', argv: [`${DEFINITION_PATH}/${PRE_SETUP_HOOK}`] as const }] : []),
    ...(build === undefined ? [] : [{ verb: 'build', argv: build }]),
    ...(deploy === undefined ? [] : [{ verb: 'deploy', argv: deploy }]),
  ])
}

/** A command that makes something of the files that were put in place. */
export interface UpdateCommand {
  readonly verb: string
  readonly argv: Argv
}

/** Files and then these commands, on a server that is stopped and stays so. */
export function updateLane(place: Placed, commands: readonly UpdateCommand[]): Lane {
  const { unit, server } = place.member
  const { during, done, failed } = passage('update')
  const { hash } = definitionOf(place)
  const marksOf = (index: number): Marking => ({
    ...(index === 0 && { began: during }),
    ...(index === commands.length && { definitionHash: hash, done }),
    failed,
    slot: server.slot,
    unit: unit.name,
  })
  const jobs = commands.map(({ verb, argv }, index) =>
    jobStep(place, `${verb}@${hash.slice(0, 12)}`, { argv, marks: recorded(place, marksOf(index + 1)) }),
  )
  return [pushStep(place, recorded(place, marksOf(0))), ...jobs]
}

/** The definition that is to be reflected. */
export function definitionOf({ member: { unit, definition } }: Placed): Definition {
  if (definition === undefined) throw nothingRegistered(unit)
  return definition
}

/** Puts the files of the server's tier in place. */
export function pushStep(place: Placed, marks?: Marking): StepDraft {
  const { tier, server } = place.member
  const { hash } = definitionOf(place)
  const input = { definition: hash, guest: guestOf(place.member, place.machine), marks, tierId: tier.id }
  return draft(pushDefinition, { id: idOf(place, `push@${hash.slice(0, 12)}`), server: server.slot, input })
}

/** What a step says of its server in the record, as JSON. */
export interface Marking {
  readonly [name: string]: string
}

export interface JobStep {
  readonly argv: readonly string[]
  readonly marks: Marking | undefined
}

/** A command of the application, as a job that knows the identifier of its server. */
export function jobStep(place: Placed, verb: string, { argv, marks }: JobStep): StepDraft {
  const { server } = place.member
  return draft(runJob, {
    id: idOf(place, verb),
    server: server.slot,
    input: {
      argv,
      environment: { VMI_VIRTUALID: place.machine.addresses?.management ?? server.address },
      guest: guestOf(place.member, place.machine),
      marks,
      timeoutMs: COMMAND_TIMEOUT_MS,
    },
  })
}

function statusMarks(verb: 'stop'): { readonly began: string; readonly done: string; readonly failed: string } {
  const { during, done, failed } = passage(verb)
  return { began: during, done, failed }
}

/** The members of each place in the order; a place without members stays, so that all groups have the same stages. */
export function byTier(
  order: readonly (readonly Tier[])[],
  placed: readonly Placed[],
): readonly { readonly name: string; readonly members: readonly Placed[] }[] {
  return order.map((tiers) => {
    const ids = new Set(tiers.map(({ id }) => id))
    return { name: [...ids].join(' and '), members: placed.filter(({ member }) => ids.has(member.tier.id)) }
  })
}
