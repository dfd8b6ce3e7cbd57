import { hasEnded, type RunState } from '../domain/run-state.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call, RunStatus, UntilOptions } from '../ports/index.ts'
import { listen } from './bell.ts'
import type { FollowSources } from './follow-journal.ts'

/** What is watched of a run, and by whom it is moved here. */
export interface StateWatch {
  readonly runId: string
  readonly sources: FollowSources
  readonly look: (call?: Call) => Promise<RunStatus>
  /** Rejects when this process gave the run up for a reason that is no outcome of the run. */
  readonly failure: () => Promise<never>
}

/** Ends a watch that nobody waits for any more; without a reason, each time an exception would be made. */
const OVER = 'the watch is over'

/** Looks after each record that this process writes, and now and then for those of others, until the state is there. */
export async function untilState(watch: StateWatch, wanted: RunState, options: UntilOptions): Promise<RunStatus> {
  const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options
  const over = new AbortController()
  const stopped = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal])
  const watched = keepLooking(watch, wanted, { signal: stopped, timeoutMs })
  const givenUp = watch.failure().catch(async (error: unknown) => {
    // What made this process give up may be the very state that is waited for.
    const status = checked(watch.runId, await watch.look({ signal: stopped }), wanted)
    if (status === undefined) throw error
    return status
  })
  try {
    return await Promise.race([watched, givenUp])
  } finally {
    over.abort(OVER)
    givenUp.catch(() => {})
    await watched.catch(() => {})
  }
}

async function keepLooking(
  { runId, sources, look }: StateWatch,
  wanted: RunState,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<RunStatus> {
  const { clock, bell, pollMs } = sources
  const deadline = clock.now() + timeoutMs
  for (;;) {
    signal.throwIfAborted()
    using listener = listen(bell)
    const seen = await look({ signal })
    const status = checked(runId, seen, wanted)
    if (status !== undefined) return status
    const leftMs = deadline - clock.now()
    if (!(leftMs > 0)) throw timeoutError({ runId, wanted, timeoutMs }, seen)
    await listener.rings(Math.min(pollMs, leftMs), { clock, signal })
  }
}

/** The status when it is the wanted one, undefined while it may still become that. */
function checked(runId: string, status: RunStatus, wanted: RunState): RunStatus | undefined {
  const { state, owner } = status
  // A run that stands is nobody's: while its lease is being given back, nobody else could resume it.
  const isHeldStill = owner !== undefined && (state === 'waiting' || state === 'paused')
  if (state === wanted && !isHeldStill) return status
  if (!hasEnded(state)) return undefined
  throw new VmunitError(
    'ERR_WRONG_STATE',
    `Run ${runId} has ended (${state}) and will not be ${wanted} any more. Its result() tells how it ended.`,
    { details: { runId, state } },
  )
}

function timeoutError(
  { runId, wanted, timeoutMs }: { readonly runId: string; readonly wanted: RunState; readonly timeoutMs: number },
  { state, waitingFor }: RunStatus,
): VmunitError {
  const standing = waitingFor === undefined ? state : `${state}, waits for ${waitingFor}`
  return new VmunitError(
    'ERR_TIMEOUT',
    `Run ${runId} did not become ${wanted} within ${timeoutMs} ms; it is ${standing}. It goes on: wait longer, or cancel it.`,
    { details: { runId, state, waitingFor } },
  )
}
