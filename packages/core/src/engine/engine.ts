import type { Plan } from '../domain/plan.ts'
import type { Principal } from '../domain/principal.ts'
import { hasEnded } from '../domain/run-state.ts'
import { isVmunitError, VmunitError } from '../errors/index.ts'
import type { Call, Run } from '../ports/index.ts'
import { createBells } from './bell.ts'
import { keys, type RunDocument, runDocumentParser } from './documents.ts'
import type { EngineOptions } from './engine-options.ts'
import { loadPlan } from './load-plan.ts'
import { createRunHandle } from './run-handle.ts'
import { openRuns } from './run-register.ts'
import { createRun, type StartRun } from './start-run.ts'
import { RunStopped } from './stop-signal.ts'
import {
  CLOSED_BY,
  isDue,
  isElsewhere,
  type SuperviseOptions,
  type Supervision,
  superviseRun,
} from './supervise-run.ts'

/** How runs are taken over. */
export interface ResumeOptions extends Call {
  /** `kill`: ends the process of a dead run's owner, when it is stopped and keeps everybody from writing. */
  readonly takeover?: 'kill' | undefined
  /** Whether a run may go on from what the world shows of work whose records were lost. */
  readonly adopt?: boolean | undefined
}

export interface Engine {
  /** Creates a run of this plan and begins to move it. */
  start<Output>(start: StartRun & { readonly plan: Plan<Output> }, call?: Call): Promise<Run<Output>>
  /** A handle on any run, moved by whichever process. */
  run(id: string, principal: Principal, call?: Call): Promise<Run>
  /** Takes over every run that is due and has no live owner, or just this one. */
  resume(
    principal: Principal,
    asked: Pick<Run, 'id' | 'plan'> | undefined,
    options?: ResumeOptions,
  ): Promise<readonly Run[]>
  /** Pauses what this process moves, at the next safe points. */
  close(): Promise<void>
}

/** Runs any operation; knows none by name. */
export function createEngine(engine: EngineOptions): Engine {
  const supervisions = new Map<string, Supervision>()
  let isClosed = false
  const bells = createBells()

  function supervise(runId: string, how: Pick<SuperviseOptions, 'isNew' | 'adopt' | 'takeover'> = {}): Supervision {
    const existing = supervisions.get(runId)
    if (existing !== undefined) return existing
    const bell = bells.of(runId)
    const supervision = superviseRun({ ...how, engine, runId, onChange: () => bell.ring() })
    supervisions.set(runId, supervision)
    if (isClosed) supervision.stop(closed())
    const forget = (): void => {
      supervisions.delete(runId)
      bell.ring()
    }
    supervision.finished.then(forget, forget)
    logEnd(runId, supervision)
    return supervision
  }

  function logEnd(runId: string, { finished }: Supervision): void {
    const { logger } = engine
    if (logger === undefined) return
    logger.info('run is moved here', { run: runId })
    finished.then(
      (result) => logger.info('run is not moved here any more', { run: runId, result }),
      (error: unknown) => logger.error('run cannot be moved here', { run: runId, error }),
    )
  }

  function handle<Output>(runId: string, plan: Plan<Output>, principal: Principal): Run<Output> {
    const mine = supervisions.get(runId)
    return createRunHandle({
      engine,
      runId,
      plan,
      bell: bells.of(runId),
      by: principal.name,
      failure: async () => {
        try {
          const result = await mine?.finished
          if (result === 'paused' || result === 'waiting') throw pausedError(runId)
        } catch (error) {
          if (!isElsewhere(error)) throw error
        }
        return await new Promise<never>(() => {})
      },
      async enforce({ verb, reason, by }) {
        const owner = supervisions.get(runId) ?? (await adopt(runId))
        owner?.stop(new RunStopped(verb, reason, by))
        await owner?.finished.catch((error: unknown) => {
          if (!isElsewhere(error)) throw error
        })
      },
    })
  }

  /** Supervises a run that nobody moves, so that what is asked of it happens. */
  async function adopt(runId: string): Promise<Supervision | undefined> {
    if (isClosed) throw new VmunitError('ERR_CLOSED', 'The manager is closed. Create a new one.')
    const holder = await engine.store.holder(keys.run(runId))
    return holder === undefined ? supervise(runId) : undefined
  }

  return {
    async start(start, call = {}) {
      const runId = await createRun(engine, start, call)
      const { plan, principal } = start
      engine.logger?.info('run was created', { run: runId, operation: plan.operation.name, by: principal.name })
      const supervision = supervise(runId, { isNew: true })
      pauseOnAbort(supervision, call.signal)
      const run = handle(runId, start.plan, start.principal)
      // Somebody who resumes everything may have been faster; the run is moved all the same.
      await supervision.owned.catch((error: unknown) => {
        if (!isElsewhere(error)) throw error
      })
      return run
    },

    async run(id, principal, call = {}) {
      return handle(id, await loadPlan(engine.store, id, call), principal)
    },

    async resume(principal, asked, { takeover, adopt: mayAdopt, ...call } = {}) {
      const takeOver = async ({ id, plan }: Pick<Run, 'id' | 'plan'>): Promise<Run> => {
        const state = await stateOf(engine, id, call)
        if (hasEnded(state)) throw endedError(id, state)
        const supervision = supervise(id, { takeover, adopt: mayAdopt })
        pauseOnAbort(supervision, call.signal)
        const run = handle(id, plan, principal)
        await supervision.owned
        return run
      }
      if (asked !== undefined) return [await takeOver(asked)]
      const runs: Run[] = []
      const failures: unknown[] = []
      for (const id of await dueRuns(engine, call)) {
        try {
          runs.push(await takeOver({ id, plan: await loadPlan(engine.store, id, call) }))
        } catch (error) {
          call.signal?.throwIfAborted()
          // One that another process was faster to take, or has ended since, is not due any more.
          if (!isElsewhere(error) && !isVmunitError(error, 'ERR_WRONG_STATE')) failures.push(error)
        }
      }
      // One that cannot be moved does not keep the others from being moved.
      if (failures.length > 0) throw failures[0]
      return runs
    },

    async close() {
      // Also for what is about to begin: a start that was under way.
      isClosed = true
      const all = [...supervisions.values()]
      for (const supervision of all) supervision.stop(closed())
      await Promise.allSettled(all.map(({ finished }) => finished))
    },
  }
}

async function stateOf({ store }: EngineOptions, runId: string, call: Call): Promise<RunDocument['state']> {
  const [document] = await store.get([keys.run(runId)], call)
  return runDocumentParser.parse(document?.value).state
}

function closed(): RunStopped {
  return new RunStopped('pause', 'the manager was closed', CLOSED_BY)
}

function endedError(runId: string, state: RunDocument['state']): VmunitError {
  return new VmunitError('ERR_WRONG_STATE', `Run ${runId} has ended (${state}); there is nothing to resume.`, {
    details: { run: runId, state },
  })
}

function pausedError(runId: string): VmunitError {
  return new VmunitError(
    'ERR_PAUSED',
    `Run ${runId} is paused at a safe point. Continue it with manager.resume('${runId}').`,
    {
      details: { runId },
    },
  )
}

/** An aborted signal means: pause, to be resumed. */
function pauseOnAbort(supervision: Supervision, signal: AbortSignal | undefined): void {
  if (signal === undefined) return
  const pause = (): void => supervision.stop(new RunStopped('pause', 'the signal was aborted', 'signal'))
  if (signal.aborted) pause()
  signal.addEventListener('abort', pause, { once: true })
  const forget = (): void => signal.removeEventListener('abort', pause)
  supervision.finished.then(forget, forget)
}

/** Runs that have not ended, that nobody moves, and that need not wait any longer. */
async function dueRuns(engine: EngineOptions, call: Call): Promise<readonly string[]> {
  const due: string[] = []
  for (const { key, value } of await openRuns(engine.store, call)) {
    const runId = key.slice('run/'.length)
    const { state } = runDocumentParser.parse(value)
    if (hasEnded(state) || (await engine.store.holder(key, call)) !== undefined) continue
    if (state !== 'waiting' || (await isDue(engine, runId))) due.push(runId)
  }
  return due
}
