import * as z from 'zod'
import type { StepContext, StepKind } from '../../ports/index.ts'
import { nothing, serverKey } from './schemas.ts'
import { type ServerKey, updateServer } from './server-documents.ts'

/** A server's place in a pool. */
export interface PoolPlace extends ServerKey {
  readonly balancer: string
  readonly pool: string
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

const pool = { balancer: z.string(), pool: z.string() }
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
      ({ slot, address, traffic }) => slot === step.slot && address === step.address && traffic === 'in',
    )
    return isIn ? { state: 'done', value: {} } : { state: 'partial', detail: 'gets no traffic yet' }
  },
  async act(step, context) {
    const balancer = context.balancer(step.balancer)
    await balancer.ensurePool({ name: step.pool, address: step.poolAddress, port: step.port }, context)
    await balancer.ensureMember(step.pool, { slot: step.slot, address: step.address, port: step.port }, context)
    await balancer.traffic(step.pool, step.slot, 'in', context)
    return {}
  },
  records: (step, moment) =>
    moment.type === 'done' ? [updateServer(step, (server) => ({ ...server, traffic: 'in' }))] : [],
}

/** Gives a server its place in the pool of its tier, which is made when it is missing; without traffic yet. */
export const joinPool: StepKind<UnblockServerInput, Record<string, never>> = {
  name: 'balancer.join',
  version: 1,
  input: joinInput,
  output: nothing,
  async observe(step, context) {
    const members = await context.balancer(step.balancer).members(step.pool, context)
    const isMember = members.some(({ slot, address }) => slot === step.slot && address === step.address)
    return isMember ? { state: 'done', value: {} } : { state: 'partial', detail: 'is no member yet' }
  },
  async act(step, context) {
    const balancer = context.balancer(step.balancer)
    await balancer.ensurePool({ name: step.pool, address: step.poolAddress, port: step.port }, context)
    await balancer.ensureMember(step.pool, { slot: step.slot, address: step.address, port: step.port }, context)
    return {}
  },
  records: (step, moment) =>
    moment.type === 'done'
      ? [updateServer(step, (server) => ({ ...server, traffic: server.traffic === 'none' ? 'out' : server.traffic }))]
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
    await balancer.traffic(step.pool, step.slot, 'drain', context)
    const deadline = context.now() + step.drainTimeoutMs
    for (;;) {
      const connections = (await memberOf(step, context))?.connections ?? 0
      if (connections === 0 || context.now() >= deadline) break
      context.waitingFor(`the connections of ${step.slot} to end, ${connections} are left`)
      await context.sleep(Math.min(1_000, Math.max(1, deadline - context.now())))
    }
    await balancer.traffic(step.pool, step.slot, 'out', context)
    return {}
  },
  records: (step, moment) =>
    moment.type === 'done'
      ? [updateServer(step, (server) => ({ ...server, traffic: server.traffic === 'none' ? 'none' : 'out' }))]
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
      await context.balancer(step.balancer).removeMember(step.pool, step.slot, context)
    }
    return {}
  },
  records: (step, moment) =>
    moment.type === 'done' ? [updateServer(step, (server) => ({ ...server, traffic: 'none' }))] : [],
}

interface Member {
  readonly traffic: 'in' | 'drain' | 'out'
  readonly connections?: number | undefined
}

async function memberOf(
  step: { readonly balancer: string; readonly pool: string; readonly slot: string },
  context: StepContext,
): Promise<Member | undefined> {
  const members = await context.balancer(step.balancer).members(step.pool, context)
  return members.find(({ slot }) => slot === step.slot)
}
