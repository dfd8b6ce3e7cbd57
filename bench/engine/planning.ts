import { applyTemplate, type Operation, patchTemplate, stop } from '@vmunit/core'
import { median } from '../median.ts'
import { createFleet, type Fleet, UNIT } from './fleet.ts'

const WARM_UP = 2
const ROUNDS = 5

export interface PlanCost {
  readonly name: string
  readonly ms: number
  /** What the processor did meanwhile, which others on the machine change less. */
  readonly cpuMs: number
  readonly steps: number
  readonly megabytes: number
}

export interface Planning {
  readonly plans: readonly PlanCost[]
  /** What planning changed in the world. */
  readonly mutatingCalls: number
}

/** Plans for a unit that serves, again and again; nothing is started. */
export async function measurePlanning(servers: number, storePath: string): Promise<Planning> {
  await using fleet = await createFleet({ groups: servers / 2, serversPerGroup: 2, storePath })
  const { version } = await fleet.manager.execute(patchTemplate, { template: 'web-base', commands: [['true']] })
  const before = (await fleet.world.admin.log()).length
  const plans = [
    await measure(fleet, stop, { unit: UNIT }),
    await measure(fleet, applyTemplate, { unit: UNIT, template: version, waves: [{ groups: 1 }, { groups: '5%' }] }),
  ]
  const calls = (await fleet.world.admin.log()).slice(before)
  return { plans, mutatingCalls: calls.filter(({ type }) => type === 'begun').length }
}

async function measure<Input>(fleet: Fleet, operation: Operation<Input>, input: Input): Promise<PlanCost> {
  const times: number[] = []
  const cpuTimes: number[] = []
  for (let round = 1; ; round += 1) {
    const cpu = process.cpuUsage()
    const began = performance.now()
    const plan = await fleet.manager.plan(operation, input)
    times.push(performance.now() - began)
    const { user, system } = process.cpuUsage(cpu)
    cpuTimes.push((user + system) / 1_000)
    if (round < WARM_UP + ROUNDS) continue
    const { steps } = plan.estimate
    const megabytes = JSON.stringify(plan).length / 1_000_000
    const [ms, cpuMs] = [times, cpuTimes].map((all) => median(all.slice(WARM_UP))) as [number, number]
    return { name: operation.name, ms, cpuMs, steps, megabytes }
  }
}
