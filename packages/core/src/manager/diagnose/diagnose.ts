import type { ManagementUnit } from '../../domain/management-unit.ts'
import { poolNameOf } from '../../domain/pool-name.ts'
import { hasEnded } from '../../domain/run-state.ts'
import { runDocumentParser } from '../../engine/documents.ts'
import type { EngineOptions } from '../../engine/engine-options.ts'
import { findBalancer } from '../../engine/find-balancer.ts'
import { createLimiter } from '../../engine/limiter.ts'
import { openRuns } from '../../engine/run-register.ts'
import { isVmunitError } from '../../errors/index.ts'
import { groupsOf } from '../../operations/roll/members-of.ts'
import type { Call, Inventory, PoolMember } from '../../ports/index.ts'
import { readUnit, type UnitAccess } from '../unit-access.ts'
import type { Diagnosis, Finding } from './diagnosis.ts'
import { isNetworkSuspect, judgeServer } from './judge-server.ts'
import { type ServerSight, tryAccess } from './look-at-server.ts'

export interface DiagnoseInput {
  readonly unit: string
  /** All groups by default. */
  readonly groups?: readonly string[] | undefined
  /** How long one server may take to answer. Default 10,000. */
  readonly timeoutMs?: number | undefined
}

export interface DiagnoseOptions {
  readonly engine: EngineOptions
  readonly access: UnitAccess
}

/** How many servers are asked at once. */
const AT_ONCE = 16

/** Looks at everything that a unit needs to serve, in the order of the manual's decision trees; changes nothing. */
export async function diagnose(
  { engine, access }: DiagnoseOptions,
  { unit: name, groups, timeoutMs = 10_000 }: DiagnoseInput,
  call: Call = {},
): Promise<Diagnosis> {
  const { store } = engine
  const unit = await readUnit(access, name, call)
  const time = await store.now(call)
  const manager = await judgeManager(engine, unit.name, call)
  const looked = await lookAtHypervisor(engine, unit, call)
  const members = await lookAtBalancers(engine, unit, call)
  const servers = groupsOf(unit, groups).flatMap((group) => group.servers)
  const limiter = createLimiter()
  const sights = await Promise.all(
    servers.map((server) =>
      limiter.run([{ resource: 'servers', units: 1, capacity: AT_ONCE }], async (): Promise<readonly ServerSight[]> => {
        const tier = unit.tiers.find(({ id }) => id === server.tierId)
        if (tier === undefined) return []
        const machine = machineOf(looked.inventory, server.machine?.id)
        const isOff = typeof machine === 'string' ? machine === 'absent' : machine.power !== 'on'
        const tried = isOff
          ? ({ type: 'notTried' } as const)
          : await tryAccess({ guests: engine.guests, timeoutMs }, { server, tier, machine }, call)
        const pool = tier.balancer && members.get(`${tier.balancer.name}/${tier.balancer.pool}`)
        const member =
          pool?.find(({ slot }) => slot === poolNameOf(server)) ?? (pool === undefined ? undefined : 'absent')
        return [{ server, tier, machine, access: tried, member }]
      }),
    ),
  )
  const all = sights.flat()
  const networkSuspect = isNetworkSuspect(all)
  const findings = [...manager, looked.finding, ...all.flatMap((sight) => judgeServer(sight, networkSuspect))]
  return { unit: unit.name, time, findings, faults: findings.filter(({ state }) => state !== 'ok') }
}

/** The store has answered, or this would not run; what is left are runs of the unit that nobody moves. */
async function judgeManager({ store }: EngineOptions, unit: string, call: Call): Promise<readonly Finding[]> {
  const stranded: Finding[] = []
  for (const { key, value } of await openRuns(store, call)) {
    const { state, claims, operation } = runDocumentParser.parse(value)
    if (hasEnded(state) || state === 'waiting') continue
    if (!claims.some((claim) => claim === `unit/${unit}` || claim.startsWith(`unit/${unit}/`))) continue
    if ((await store.holder(key, call)) !== undefined) continue
    const id = key.slice('run/'.length)
    stranded.push({
      part: 'manager',
      state: 'fault',
      says: `run ${id} (${operation}) is ${state === 'running' ? 'interrupted' : state}, and no process moves it`,
      remedy: `Continue it with manager.resume('${id}'), or cancel it.`,
    })
  }
  if (stranded.length > 0) return stranded
  return [
    { part: 'manager', state: 'ok', says: 'the store answers, and every run has a process that moves it', remedy: '' },
  ]
}

async function lookAtHypervisor(
  { hypervisors }: EngineOptions,
  unit: ManagementUnit,
  call: Call,
): Promise<{ readonly finding: Finding; readonly inventory: Inventory }> {
  const unseen: Inventory = { machines: [], blind: [unit.hypervisor] }
  const fault = (says: string): Finding => ({
    part: 'hypervisor',
    state: 'fault',
    says,
    remedy: 'Have the hypervisor and the way to it checked; the servers may be well all the same.',
  })
  const driver = hypervisors[unit.hypervisor]
  if (driver === undefined) {
    return { finding: fault(`the manager was given no hypervisor ${unit.hypervisor}`), inventory: unseen }
  }
  try {
    const inventory = await driver.inventory({}, call)
    const { blind } = inventory
    if (blind.length > 0)
      return { finding: fault(`${blind.join(', ')} of ${unit.hypervisor} do not answer`), inventory }
    const says = `${unit.hypervisor} answers, with ${inventory.machines.length} machines`
    return { finding: { part: 'hypervisor', state: 'ok', says, remedy: '' }, inventory }
  } catch (error) {
    call.signal?.throwIfAborted()
    const says = error instanceof Error ? error.message : String(error)
    const hint = isVmunitError(error, 'ERR_UNAUTHENTICATED') ? 'does not let us in' : 'does not answer'
    return { finding: fault(`${unit.hypervisor} ${hint}: ${says}`), inventory: unseen }
  }
}

/** The members of each pool; a balancer that does not answer is left out. */
async function lookAtBalancers(
  engine: EngineOptions,
  unit: ManagementUnit,
  call: Call,
): Promise<ReadonlyMap<string, readonly PoolMember[]>> {
  const pools = unit.tiers.flatMap((tier) => tier.balancer ?? [])
  const found = await Promise.all(
    pools.map(async ({ name, pool }) => {
      try {
        const members = await findBalancer(engine, name)?.members(pool, call)
        return members === undefined ? [] : [[`${name}/${pool}`, members] as const]
      } catch {
        call.signal?.throwIfAborted()
        return []
      }
    }),
  )
  return new Map(found.flat())
}

function machineOf({ machines, blind }: Inventory, id: string | undefined): ServerSight['machine'] {
  if (id === undefined) return 'unbound'
  const machine = machines.find((one) => one.id === id)
  return machine ?? (blind.length > 0 ? 'unseen' : 'absent')
}
