import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measurePlanning } from './engine/planning.ts'
import { measureRolling } from './engine/rolling.ts'
import { measureResume, measureSteps, type StepCost } from './engine/steps.ts'
import { median } from './median.ts'
import type { Report, Row } from './report.ts'

const ROUNDS = 5
const PLANNED_SERVERS = 10_000
const ROLLED_SERVERS = 1_000

/** What the engine itself costs: steps that take no time, a plan of a large fleet, and a roll in virtual time. */
export async function run(report: Report): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'vmunit-bench-'))
  let stores = 0
  const newStore = (): string => join(directory, `${(stores += 1)}.db`)
  try {
    reportSteps(report, await repeat(() => measureSteps(newStore())))
    const resumes = await repeat(() => measureResume(newStore()))
    report(alone('resume of 9,900 of 10,000 steps', median(resumes), { bar: 300, unit: 'ms' }))
    await reportPlanning(report, newStore())
    await reportRolling(report, newStore())
    const megabytes = process.resourceUsage().maxRSS / 1_024
    report(alone('peak memory of all of this', megabytes, { bar: 2_000, unit: 'MB' }))
  } finally {
    await rm(directory, { recursive: true })
  }
}

async function repeat<T>(work: () => Promise<T>): Promise<readonly T[]> {
  const results: T[] = []
  for (let round = 0; round < ROUNDS; round += 1) results.push(await work())
  return results
}

function reportSteps(report: Report, costs: readonly StepCost[]): void {
  const cpu = median(costs.map(({ cpuMsPerStep }) => cpuMsPerStep))
  report(alone('CPU per step, 10,000 steps, 64 in flight', cpu, { bar: 0.1, unit: 'ms' }))
  // Each round is compared with the single commits of the same minute: the disk is not always equally fast.
  const ratios = costs.map((cost) => Math.min(5_000, 10 * cost.commitsPerSecond) / cost.stepsPerSecond)
  report({
    name: 'steps per second',
    value: median(costs.map(({ stepsPerSecond }) => stepsPerSecond)),
    peer: median(costs.map(({ commitsPerSecond }) => commitsPerSecond)),
    ratio: median(ratios),
    bar: 1,
    unit: '/s',
    peerName: 'single commits; the ratio is of min(5,000, 10 × them) to the steps',
  })
}

async function reportPlanning(report: Report, path: string): Promise<void> {
  const { plans, mutatingCalls } = await measurePlanning(PLANNED_SERVERS, path)
  for (const { name, ms, cpuMs, steps, megabytes } of plans) {
    const size = `${steps} steps, ${Math.round(megabytes)} MB, CPU ${Math.round(cpuMs)} ms`
    const text = `plan of ${PLANNED_SERVERS} servers: ${name}, ${size}`
    report(alone(text, ms, { bar: 500, unit: 'ms' }))
  }
  report(alone('mutating calls of these plans', mutatingCalls, { bar: 0, unit: 'calls' }))
}

async function reportRolling(report: Report, path: string): Promise<void> {
  const { virtualMs, boundMs } = await measureRolling(ROLLED_SERVERS, path)
  report({
    name: `rolling ${ROLLED_SERVERS} servers, virtual time`,
    value: virtualMs / 1_000,
    peer: boundMs / 1_000,
    ratio: virtualMs / boundMs,
    bar: 1.03,
    unit: 's',
    peerName: 'the creations alone',
  })
}

function alone(name: string, value: number, { bar, unit }: Pick<Row, 'bar' | 'unit'>): Row {
  return { name, value, peer: 0, ratio: value, bar, unit, peerName: '' }
}
