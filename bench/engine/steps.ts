import { createManager, type Manager, type Operation, type Run } from '@vmunit/core'
import { openSqliteStore } from '@vmunit/core/sqlite-store'
import { createWorld } from '@vmunit/core/testing'
import { createStepOperation } from './step-operation.ts'

const IN_FLIGHT = 64
const STEPS = 10_000
const STEPS_PER_GROUP = 10
/** The run is stopped when nearly all of its journal is written. */
const STOP_AT = 9_900
const SINGLE_COMMITS = 500

export interface StepCost {
  readonly cpuMsPerStep: number
  readonly stepsPerSecond: number
  readonly commitsPerSecond: number
}

/** Runs steps that do nothing, with the store on disk. */
export async function measureSteps(path: string): Promise<StepCost> {
  const { operation } = createStepOperation({ groups: IN_FLIGHT })
  await using lab = openLab(path, operation)
  const plan = await lab.manager.plan(operation, { groups: STEPS / STEPS_PER_GROUP, steps: STEPS_PER_GROUP })
  // Before and after, because a disk is not always equally fast.
  const before = await singleCommits(lab.store, 'before')
  const cpu = process.cpuUsage()
  const began = performance.now()
  const run = await lab.manager.start(plan)
  const steps = await run.result()
  const { user, system } = process.cpuUsage(cpu)
  const ms = performance.now() - began
  if (steps !== STEPS) throw new Error(`Expected ${STEPS} steps, but planned ${steps}.`)
  return {
    cpuMsPerStep: (user + system) / 1_000 / STEPS,
    stepsPerSecond: (STEPS / ms) * 1_000,
    commitsPerSecond: (before + (await singleCommits(lab.store, 'after'))) / 2,
  }
}

/** From `resume` of a run that is nearly done, in a manager that knows nothing of it, to the first step that acts. */
export async function measureResume(path: string): Promise<number> {
  const stepOperation = createStepOperation({ groups: IN_FLIGHT })
  const { operation } = stepOperation
  const { promise: enough, resolve } = Promise.withResolvers<void>()
  stepOperation.onAct = async (count) => {
    if (count === STOP_AT) resolve()
    await Promise.resolve()
  }
  const id = await runUntil(path, operation, enough)

  await using lab = openLab(path, operation)
  const { promise: acted, resolve: onFirst } = Promise.withResolvers<number>()
  stepOperation.onAct = async () => {
    onFirst(performance.now())
    await Promise.resolve()
  }
  const began = performance.now()
  const [run] = await lab.manager.resume(id)
  const ms = (await acted) - began
  await run?.result()
  return ms
}

async function runUntil(
  path: string,
  operation: Operation<never, number> | Operation,
  enough: Promise<void>,
): Promise<string> {
  await using lab = openLab(path, operation as Operation)
  const plan = await lab.manager.plan(operation as Operation, {
    groups: STEPS / STEPS_PER_GROUP,
    steps: STEPS_PER_GROUP,
  })
  const run: Run = await lab.manager.start(plan)
  await enough
  await run.pause()
  return run.id
}

interface Lab extends AsyncDisposable {
  readonly manager: Manager
  readonly store: ReturnType<typeof openSqliteStore>
}

function openLab(path: string, operation: Operation<never, never> | Operation): Lab {
  const world = createWorld()
  const store = openSqliteStore(path)
  const manager = createManager({
    hypervisors: { main: world.hypervisor },
    guests: world.guests,
    store,
    operations: [operation as Operation],
    principal: { name: 'user_a', role: 'administrator' },
    maxStepsInFlight: IN_FLIGHT,
  })
  return {
    manager,
    store,
    async [Symbol.asyncDispose]() {
      await manager.close()
      await store.close()
      await world.close()
    },
  }
}

async function singleCommits(store: Lab['store'], name: string): Promise<number> {
  const began = performance.now()
  for (let count = 0; count < SINGLE_COMMITS; count += 1) {
    await store.commit({ put: [{ key: `${name}/${count}`, revision: 0, value: count }] })
  }
  return (SINGLE_COMMITS / (performance.now() - began)) * 1_000
}
