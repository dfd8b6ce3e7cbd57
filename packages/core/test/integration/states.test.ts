import {
  applyPatch,
  applyTemplate,
  block,
  deleteUnit,
  detachGroups,
  type ErrorCode,
  isVmunitError,
  type LogicalStatus,
  type Manager,
  type Plan,
  power,
  recoverServer,
  runScript,
  scaleIn,
  start,
  stop,
  unblock,
  updateUnit,
} from '@vmunit/core'
import { describe, expect, it } from 'vitest'
import { createFleet, type Fleet, storyGroups } from '../support/fleet.ts'
import { memoryDefinition } from '../support/memory-definition.ts'
import { putStatus } from '../support/put-status.ts'
import { expectRefused } from '../support/refusal.ts'
import { UNIT, upgrade } from '../support/story.ts'

const STATUSES = [
  'initial',
  'stopped',
  'working',
  'updating',
  'starting',
  'stopping',
  'fault(updating)',
  'fault(starting)',
  'fault(stopping)',
] as const satisfies readonly LogicalStatus[]

/** Whether the application may be running. */
const RUNS: ReadonlySet<LogicalStatus> = new Set([
  'working',
  'starting',
  'stopping',
  'fault(starting)',
  'fault(stopping)',
])

/** Where a server ends, or why it is refused. `gone`: it has left the unit. */
type Ending = LogicalStatus | 'gone' | { readonly refused: ErrorCode }

interface Case {
  readonly name: string
  plan(manager: Manager, script: string): Promise<Plan>
  ends(status: LogicalStatus): Ending
}

const WRONG = { refused: 'ERR_WRONG_STATE' } as const
const one = { unit: UNIT, groups: ['vmgroup_1'] }
const server = { unit: UNIT, server: '192.168.1.101', allowOutage: true }
const same = (status: LogicalStatus): Ending => status

/** Every operation on servers, and what becomes of a server in each status (spec §2.4, §3.13–3.22). */
const CASES: readonly Case[] = [
  {
    name: 'start',
    plan: (manager) => manager.plan(start, one),
    ends: (status) => (['initial', 'updating', 'stopping', 'fault(updating)'].includes(status) ? WRONG : 'working'),
  },
  {
    name: 'stop',
    plan: (manager) => manager.plan(stop, one),
    ends: (status) => (RUNS.has(status) ? 'stopped' : status),
  },
  { name: 'block', plan: (manager) => manager.plan(block, one), ends: same },
  {
    name: 'unblock',
    plan: (manager) => manager.plan(unblock, one),
    ends: (status) => (status === 'working' ? 'working' : WRONG),
  },
  {
    name: 'updateUnit',
    plan: (manager) => manager.plan(updateUnit, one),
    ends: (status) => (RUNS.has(status) ? status : 'stopped'),
  },
  { name: 'runScript', plan: (manager, script) => manager.plan(runScript, { ...one, script }), ends: same },
  {
    name: 'applyPatch',
    plan: (manager) => manager.plan(applyPatch, { ...one, commands: [['true']], allowOutage: true }),
    ends: (status) => (RUNS.has(status) ? 'working' : status),
  },
  {
    name: 'applyTemplate',
    plan: (manager) =>
      manager.plan(applyTemplate, { ...one, template: { template: 'web-base', version: 2 }, allowOutage: true }),
    ends: (status) => (RUNS.has(status) ? 'working' : 'stopped'),
  },
  {
    name: 'recoverServer, repair',
    plan: (manager) => manager.plan(recoverServer, { ...server, by: 'repair' }),
    ends: (status) => (status === 'initial' ? WRONG : 'working'),
  },
  {
    name: 'recoverServer, replace',
    plan: (manager) => manager.plan(recoverServer, { ...server, by: 'replace' }),
    ends: () => 'working',
  },
  {
    name: 'power off',
    plan: (manager) => manager.plan(power, { ...one, to: 'off' }),
    ends: (status) => (RUNS.has(status) ? WRONG : status),
  },
  {
    name: 'detachGroups',
    plan: (manager) => manager.plan(detachGroups, one),
    ends: (status) => (RUNS.has(status) ? WRONG : 'gone'),
  },
  {
    name: 'scaleIn',
    plan: (manager) => manager.plan(scaleIn, { ...one, allowOutage: true }),
    ends: () => 'gone',
  },
  { name: 'deleteUnit', plan: (manager) => manager.plan(deleteUnit, { unit: UNIT }), ends: () => WRONG },
  {
    name: 'deleteUnit, detaching',
    plan: (manager) => manager.plan(deleteUnit, { unit: UNIT, detach: true }),
    ends: () => 'gone',
  },
]

const isRefused = (ending: Ending): ending is { readonly refused: ErrorCode } => typeof ending === 'object'

async function prepare(fleet: Fleet): Promise<string> {
  await fleet.build(UNIT, storyGroups().slice(0, 2))
  await upgrade(fleet)
  const { hash } = await fleet.manager.definitions.add(memoryDefinition([], { 'user-script': '#!/bin/sh\ntrue' }))
  return hash
}

/** Repeats what was refused before anything changed: a look whose answer was lost. */
async function persistently<T>(begin: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await begin()
    } catch (error) {
      if (!isVmunitError(error, 'ERR_UNAVAILABLE')) throw error
    }
  }
}

async function endingOf({ manager }: Fleet): Promise<LogicalStatus | 'gone'> {
  const units = await manager.units.list()
  const group = units.flatMap(({ groups }) => groups).find(({ name }) => name === 'vmgroup_1')
  return group?.servers[0]?.status ?? 'gone'
}

describe.each(CASES)('$name', ({ plan, ends }) => {
  const refused = STATUSES.flatMap((status) => {
    const ending = ends(status)
    return isRefused(ending) ? [{ status, code: ending.refused }] : []
  })
  const legal = STATUSES.filter((status) => !isRefused(ends(status)))

  if (refused.length > 0) {
    it(`refuses servers that are ${refused.map(({ status }) => status).join(', ')}`, async () => {
      await using fleet = await createFleet()
      const script = await prepare(fleet)
      for (const { status, code } of refused) {
        await putStatus(fleet, 'vmgroup_1', status)
        const error = await expectRefused(fleet, code, () => plan(fleet.manager, script))
        expect(error.message, status).toMatch(/192\.168\.1\.101|vmgroup_1/)
      }
    })
  }

  it.concurrent.each(legal)('brings a server that is %s to its end, whatever answers are lost', async (status) => {
    await using fleet = await createFleet({ seed: 17 })
    const script = await prepare(fleet)
    await putStatus(fleet, 'vmgroup_1', status)
    const planned = await plan(fleet.manager, script)
    const calls = ['hypervisor.', 'guests.', 'balancer.']
    await fleet.world.admin.faults(
      calls.map((call) => ({ call: `${call}*`, probability: 0.2, times: 2, effect: { type: 'lostAnswer' as const } })),
    )
    const run = await persistently(async () => await fleet.manager.start(planned))
    await run.result()
    await fleet.world.admin.faults([])
    expect(await endingOf(fleet), `seed 17, ${status}`).toBe(ends(status))
  })
})
