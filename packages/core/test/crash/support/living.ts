import { isVmunitError, type Manager, type Run, type StateStore } from '@vmunit/core'
import type { Bases } from './bases.ts'
import type { Scenario } from './scenario.ts'

const LOOK_AGAIN_MS = 20_000
const ENDED = new Set(['succeeded', 'failed', 'cancelled'])

export interface Living {
  readonly bases: Pick<Bases, 'nextDefinition' | 'script'>
  readonly manager: Manager
  readonly store: StateStore
}

/** One manager begins or continues a scenario; resolves to run id and state when it has ended. */
export async function live(
  scenario: Scenario,
  { bases, manager, store }: Living,
): Promise<readonly [run: string, state: string]> {
  const begin = async (): Promise<Run> => await manager.start(await scenario.plan(manager, bases))
  const run = (await unfinished(manager, store)) ?? (await patiently(begin))
  return [run.id, await untilEnded(manager, run)]
}

/** The run that a predecessor left, or that it ended with its last act. */
async function unfinished(manager: Manager, store: StateStore): Promise<Run | undefined> {
  for await (const { key } of store.list('run/')) return await manager.run(key.slice('run/'.length))
  return undefined
}

/** What a person does when a look at the world fails for the moment. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + LOOK_AGAIN_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      // A world that has ended fails at once, every time.
      if (!isVmunitError(error) || !error.retryable || performance.now() > deadline) throw error
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Resumes the run as often as it stands without an owner. */
export async function untilEnded(manager: Manager, run: Run): Promise<string> {
  for (;;) {
    const { state, requests = [] } = await run.state()
    if (ENDED.has(state)) return state
    if (state !== 'running' && !(await isAsking(manager, requests))) await resume(manager, run.id)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Whether people are still to answer: nobody moves a run meanwhile. */
async function isAsking(manager: Manager, requests: readonly string[]): Promise<boolean> {
  if (requests.length === 0) return false
  const open = new Set((await manager.requests.list()).map(({ id }) => id))
  return requests.every((id) => open.has(id))
}

async function resume(manager: Manager, id: string): Promise<void> {
  try {
    await manager.resume(id)
  } catch (error) {
    // It ended in the meantime, or the lease of the dead one has a moment left.
    if (!isVmunitError(error, 'ERR_WRONG_STATE', 'ERR_LOCKED')) throw error
  }
}
