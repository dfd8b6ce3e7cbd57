import { applyTemplate, patchTemplate } from '@vmunit/core'
import { createFleet, UNIT } from './fleet.ts'

/** What the platform of this world needs, and how many creations it bears at once. */
const CREATE_MS = 60_000
const CREATIONS_AT_ONCE = 8
const LATENCY = { create: CREATE_MS, power: 5_000, remove: 5_000, push: 1_000, exec: 100, balancer: 50, look: 100 }

/** Enough groups at once that creations, and nothing else, are what everything waits for. */
const GROUPS_AT_ONCE = 32

export interface RollTime {
  readonly virtualMs: number
  /** The creations alone, without a pause between them. */
  readonly boundMs: number
}

/** Rolls a version over a unit of one server a group, in virtual time. */
export async function measureRolling(servers: number, storePath: string): Promise<RollTime> {
  const world = { limits: { create: CREATIONS_AT_ONCE }, latencyMs: LATENCY }
  await using fleet = await createFleet({ groups: servers, serversPerGroup: 1, storePath, world })
  const { version } = await fleet.manager.execute(patchTemplate, { template: 'web-base', commands: [['true']] })
  const waves = [{ groups: GROUPS_AT_ONCE }]
  const plan = await fleet.manager.plan(applyTemplate, { unit: UNIT, template: version, waves })
  const began = fleet.now()
  const run = await fleet.manager.start(plan)
  const { outcomes } = await run.result()
  const virtualMs = fleet.now() - began
  const changed = outcomes.filter(({ status }) => status === 'changed').length
  if (changed !== servers) throw new Error(`Only ${changed} of ${servers} servers were changed.`)
  return { virtualMs, boundMs: Math.ceil(servers / CREATIONS_AT_ONCE) * CREATE_MS }
}
