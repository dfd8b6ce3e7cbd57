import * as z from 'zod'
import type { VirtualServer } from '../../domain/management-unit.ts'
import type { DocumentUpdate, StepContext, StepKind } from '../../ports/index.ts'
import { nothing, serverKey } from './schemas.ts'
import { type ServerKey, updateServer } from './server-documents.ts'

/** A server's place in a pool. */
export interface PoolPlace extends ServerKey {
  readonly balancer: string
  readonly pool: string
  /** Its name there, where that is not the slot. */
  readonly member?: string | undefined
  /** The record says nothing of it: it is about a machine that is not bound yet, or not any more. */
  readonly unrecorded?: true | undefined
}

export interface UnblockServerInput extends PoolPlace {
  /** Where the pool takes requests, where that is not the balancer's own choice. */
  readonly poolAddress?: string | undefined
  readonly address: string
  readonly port: number
}

export interface BlockServerInput extends PoolPlace {
  readonly drainTimeoutMs: number
}

const pool = {
  balancer: z.string(),
  pool: z.string(),
  member: z.string().optional(),
  unrecorded: z.literal(true).optional(),
}
const joinInput = z.object({
  ...pool,
  ...serverKey,
  poolAddress: z.string().optional(),
  address: z.string(),
  port: z.number(),
})

/** Gives a server its place in the pool of its tier, which is made when it is missing, and sends it traffic. */
export const unblockServer: StepKind<UnblockServerInput, Record<string, never>> = {
  name: 'balancer.unblock',
  version: 1,
  input: joinInput,
  output: nothing,
  async observe(step, context) {
    const members = await context.balancer(step.balancer).members(step.pool, context)
    const isIn = members.some(
      ({ slot, address, traffic }) => slot === nameOf(step) && address === step.address && traffic === 'in',
    )
    return isIn ? { state: 'done', value: {} } : { state: 'partial', detail: 'gets no traffic yet' }
  },
  async act(step, context) {
    const balancer = context.balancer(step.balancer)
    await balancer.ensurePool({ name: step.pool, address: step.poolAddress, port: step.port }, context)
    await balancer.ensureMember(step.pool, { slot: nameOf(step), address: step.address, port: step.port }, context)
    await balancer.traffic(step.pool, nameOf(step), 'in', context)
    return {}
  },
  records: (step, moment) =>
    moment.type === 'done' ? recordTraffic(step, (server) => ({ ...server, traffic: 'in' })) : [],
}

/** Gives a server its place in the pool of its tier, which is made when it is missing; without traffic yet. */
export const joinPool: StepKind<UnblockServerInput, Record<string, never>> = {
  name: 'balancer.join',
  version: 1,
  input: joinInput,
  output: nothing,
  async observe(step, context) {
    const members = await context.balancer(step.balancer).members(step.pool, context)
    const isMember = members.some(({ slot, address }) => slot === nameOf(step) && address === step.address)
    return isMember ? { state: 'done', value: {} } : { state: 'partial', detail: 'is no member yet' }
  },
  async act(step, context) {
    const balancer = context.balancer(step.balancer)
    await balancer.ensurePool({ name: step.pool, address: step.poolAddress, port: step.port }, context)
    await balancer.ensureMember(step.pool, { slot: nameOf(step), address: step.address, port: step.port }, context)
    return {}
  },
  records: (step, moment) =>
    moment.type === 'done'
      ? recordTraffic(step, (server) => ({ ...server, traffic: server.traffic === 'none' ? 'out' : server.traffic }))
      : [],
}

const blockInput = z.object({ ...pool, ...serverKey, drainTimeoutMs: z.number() })

/** Takes traffic away from a server: no new work, then a wait for what it has, then the rest is cut. */
export const blockServer: StepKind<BlockServerInput, Record<string, never>> = {
  name: 'balancer.block',
  version: 1,
  input: blockInput,
  output: nothing,
  async observe(step, context) {
    const member = await memberOf(step, context)
    return member === undefined || member.traffic === 'out'
      ? { state: 'done', value: {} }
      : { state: 'partial', detail: `traffic is ${member.traffic}` }
  },
  async act(step, context) {
    const balancer = context.balancer(step.balancer)
    if ((await memberOf(step, context)) === undefined) return {}
    await balancer.traffic(step.pool, nameOf(step), 'drain', context)
    const deadline = context.now() + step.drainTimeoutMs
    for (;;) {
      const connections = (await memberOf(step, context))?.connections ?? 0
      if (connections === 0 || context.now() >= deadline) break
      context.waitingFor(`the connections of ${step.slot} to end, ${connections} are left`)
      await context.sleep(Math.min(1_000, Math.max(1, deadline - context.now())))
    }
    await balancer.traffic(step.pool, nameOf(step), 'out', context)
    return {}
  },
  records: (step, moment) =>
    moment.type === 'done'
      ? recordTraffic(step, (server) => ({ ...server, traffic: server.traffic === 'none' ? 'none' : 'out' }))
      : [],
}

const leaveInput = z.object({ ...pool, ...serverKey })

/** Takes a server out of its pool. */
export const leavePool: StepKind<PoolPlace, Record<string, never>> = {
  name: 'balancer.leave',
  version: 1,
  input: leaveInput,
  output: nothing,
  async observe(step, context) {
    const member = await memberOf(step, context)
    return member === undefined ? { state: 'done', value: {} } : { state: 'partial', detail: 'still a member' }
  },
  async act(step, context) {
    if ((await memberOf(step, context)) !== undefined) {
      await context.balancer(step.balancer).removeMember(step.pool, nameOf(step), context)
    }
    return {}
  },
  records: (step, moment) =>
    moment.type === 'done' ? recordTraffic(step, (server) => ({ ...server, traffic: 'none' })) : [],
}

interface Member {
  readonly traffic: 'in' | 'drain' | 'out'
  readonly connections?: number | undefined
}

function nameOf({ slot, member = slot }: PoolPlace): string {
  return member
}

function recordTraffic(
  { unit, slot, unrecorded }: PoolPlace,
  change: (server: VirtualServer) => VirtualServer,
): readonly DocumentUpdate[] {
  return unrecorded === true ? [] : [updateServer({ unit, slot }, change)]
}

async function memberOf(step: PoolPlace, context: StepContext): Promise<Member | undefined> {
  const members = await context.balancer(step.balancer).members(step.pool, context)
  return members.find(({ slot }) => slot === nameOf(step))
}
