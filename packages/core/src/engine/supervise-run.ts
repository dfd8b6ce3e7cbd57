import { hasEnded } from '../domain/run-state.ts'
import { isVmunitError } from '../errors/index.ts'
import type { AcquireOptions } from '../ports/index.ts'
import { controlParser, keys, runDocumentParser } from './documents.ts'
import { type DriveResult, driveRun } from './drive-run.ts'
import type { EngineOptions } from './engine-options.ts'
import { findOperation } from './find-operation.ts'
import { answerOf } from './gates.ts'
import { loadProgress } from './load-progress.ts'
import { type Reconciled, reconcileRun } from './reconcile.ts'
import { createRunEnvironment } from './run-environment.ts'
import { RunStopped } from './stop-signal.ts'

/** Who stops runs when a manager is closed. */
export const CLOSED_BY = 'close'

/** A run that this process moves, or waits to move. */
export interface Supervision {
  /** Resolves when this process has nothing more to do with the run; rejects with what made that impossible. */
  readonly finished: Promise<DriveResult>
  /** Resolves when the run is this process's for the first time; rejects with `ERR_LOCKED` when it is another's. */
  readonly owned: Promise<void>
  stop(reason: RunStopped): void
}

export interface SuperviseOptions {
  readonly engine: EngineOptions
  readonly runId: string
  /** Called after each transaction, and when the run stands because its lease was given back. */
  readonly onChange: () => void
  /** See {@link AcquireOptions.takeover}. */
  readonly takeover?: AcquireOptions['takeover']
  /** The run was created a moment ago, by this process, which has looked at the world. */
  readonly isNew?: boolean | undefined
  /** Whether it may go on from what the world shows of work whose records were lost. */
  readonly adopt?: boolean | undefined
}

/** Moves a run whenever it can be moved, until it has ended, is paused, or belongs to somebody else. */
export function superviseRun(options: SuperviseOptions): Supervision {
  const stop = new AbortController()
  const owned = Promise.withResolvers<void>()
  const finished = supervise(options, { stop, onOwned: owned.resolve })
  finished.then(() => owned.resolve(), owned.reject)
  owned.promise.catch(() => {})
  return {
    finished,
    owned: owned.promise,
    stop: (reason) => {
      if (!stop.signal.aborted) stop.abort(reason)
    },
  }
}

interface Ownership {
  readonly stop: AbortController
  readonly onOwned: () => void
}

async function supervise(options: SuperviseOptions, ownership: Ownership): Promise<DriveResult> {
  const { engine, runId } = options
  const { stop } = ownership
  for (let drives = 0; ; drives += 1) {
    const isFirst = drives === 0
    const result = await driveOnce({ ...options, isFirst, isNew: options.isNew === true && isFirst }, ownership)
    // Nobody may have taken it over: then it goes on here, else `acquire` says who has it.
    if (result === 'lost') continue
    if (result !== 'waiting') return result
    options.onChange()
    // A closed manager leaves a waiting run as it is; anything else that stops it is written down under the lease.
    if (!(await untilDue(engine, runId, stop.signal)) && isClosing(stop.signal)) return result
  }
}

function isClosing({ reason }: AbortSignal): boolean {
  return reason instanceof RunStopped && reason.verb !== 'cancel' && reason.by === CLOSED_BY
}

interface DriveOptions extends SuperviseOptions {
  /** Whether somebody has just asked for it to be moved. */
  readonly isFirst: boolean
}

/** Takes the lease, looks at the journal as it is then, and moves the run. */
async function driveOnce(options: DriveOptions, { stop, onOwned }: Ownership): Promise<DriveResult> {
  const { engine, runId, onChange, takeover, isNew = false, adopt = false } = options
  const { store, owner, timing } = engine
  await using lease = await store.acquire(keys.run(runId), { owner, ttlMs: timing.leaseMs, takeover })
  const progress = await loadProgress(store, runId)
  if (hasEnded(progress.state)) return 'ended'
  await obeyControl(engine, runId, stop)
  // Paused by another process meanwhile: that goes on when somebody resumes it, and not by itself.
  if (!options.isFirst && progress.state === 'paused' && !stop.signal.aborted) return 'paused'
  const signal = AbortSignal.any([stop.signal, lease.lost])
  const look = async (): Promise<Reconciled | undefined> =>
    await reconcileRun(engine, progress, { adopt, signal, onDelay: onOwned })
  // Stopping a run touches nothing, and it is the way out when its journal is behind.
  const reconciled = isNew || signal.aborted ? undefined : await unlessStopped(look, signal)
  onOwned()
  const lost = new AbortController()
  const onLost = (): void => lost.abort(new RunStopped('lost', `The lease of run ${runId} is lost`, owner))
  lease.lost.addEventListener('abort', onLost, { once: true })
  // To stop a run takes nothing of its operation, which may be gone.
  const kinds = stop.signal.aborted ? [] : findOperation(engine, progress).kinds
  const stopped = AbortSignal.any([stop.signal, lost.signal])
  const environment = createRunEnvironment({ engine, kinds, lease, progress, stop: stopped, onDurable: onChange })
  if (reconciled !== undefined) environment.writer.write(reconciled)
  const watching = new AbortController()
  const watch = watchControl(engine, runId, { stop, until: watching.signal })
  try {
    return await driveRun({ environment, store, owner })
  } finally {
    watching.abort()
    await watch
    lease.lost.removeEventListener('abort', onLost)
    await environment.close()
  }
}

/** What stops a run in the middle of a look is dealt with by those who move it. */
async function unlessStopped<T>(look: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await look()
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}

/** Stops the run when another process has asked for that. */
async function obeyControl({ store }: EngineOptions, runId: string, stop: AbortController): Promise<void> {
  const [document] = await store.get([keys.control(runId)])
  if (document === undefined || stop.signal.aborted) return
  const { verb, reason, by } = controlParser.parse(document.value)
  stop.abort(new RunStopped(verb, reason, by))
}

/** Looks now and then whether another process asked this one to stop. */
async function watchControl(
  engine: EngineOptions,
  runId: string,
  { stop, until }: { readonly stop: AbortController; readonly until: AbortSignal },
): Promise<void> {
  while (!until.aborted && !stop.signal.aborted) {
    try {
      await engine.clock.sleep(engine.timing.pollMs, { signal: until })
      await obeyControl(engine, runId, stop)
    } catch {
      // Either the watch is over, or the store does not answer now, which the journal's writer meets too.
    }
  }
}

/** True when the run may go on; false when this process should let go of it. */
async function untilDue(engine: EngineOptions, runId: string, stop: AbortSignal): Promise<boolean> {
  const { clock, timing } = engine
  for (;;) {
    if (stop.aborted) return false
    try {
      if (await isDue(engine, runId)) return true
    } catch (error) {
      // A store that does not answer for a moment is no reason to leave a run that may wait for weeks.
      if (!isVmunitError(error) || !error.retryable) throw error
    }
    try {
      await clock.sleep(timing.pollMs, { signal: stop })
    } catch {
      return false
    }
  }
}

/** Whether a waiting run has been answered, its time has come, or somebody asked for its end. */
export async function isDue({ store }: Pick<EngineOptions, 'store'>, runId: string): Promise<boolean> {
  const [head, control] = await store.get([keys.run(runId), keys.control(runId)])
  if (head === undefined || control !== undefined) return true
  const { state, waiting } = runDocumentParser.parse(head.value)
  if (state !== 'waiting' || waiting === undefined) return true
  if (waiting.until !== undefined && (await store.now()) >= waiting.until) return true
  const requests = waiting.requests ?? (waiting.request === undefined ? [] : [waiting.request])
  const answers = await Promise.all(requests.map((request) => answerOf(store, request)))
  return answers.some((answer) => answer !== undefined)
}

/** Whether an error of a supervision only says that another process moves the run. */
export function isElsewhere(error: unknown): boolean {
  return isVmunitError(error, 'ERR_LOCKED', 'ERR_LEASE_LOST')
}
