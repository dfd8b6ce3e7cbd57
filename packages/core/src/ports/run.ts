import type { Plan } from '../domain/plan.ts'
import type { RunEvent } from '../domain/run-record.ts'
import type { RunState } from '../domain/run-state.ts'
import type { Call } from './call.ts'

/** Where a run stands, for people and programs. */
export interface RunStatus {
  readonly state: RunState
  /**
   * What it waits for, as the end of the sentence "it waits for …": always when no process moves it; when one does, as
   * soon as something has lasted for five seconds.
   */
  readonly waitingFor?: string | undefined
  /** The request whose answer it waits for: see `manager.answer`. */
  readonly request?: string | undefined
  /** All of them, when several groups wait for people. */
  readonly requests?: readonly string[] | undefined
  /** The process that moves it now: `host pid`. */
  readonly owner?: string | undefined
  /**
   * Last sign of life of that process, by the store's clock. It keeps coming while a step is slow; a process that is
   * dead, stopped or hangs gives none, and its run is `interrupted` when the lease has expired.
   */
  readonly heartbeatAt?: number | undefined
}

/** How long to wait for a state: for ever, or until the signal aborts or the time is over. */
export interface UntilOptions extends Call {
  /** By the clock of the manager. 0 looks once. */
  readonly timeoutMs?: number | undefined
}

/** A view on the journal that any process may hold; only the holder of the lease moves the run. Not thenable. */
export interface Run<Output = unknown> {
  readonly id: string
  readonly plan: Plan<Output>
  state(call?: Call): Promise<RunStatus>
  /**
   * Resolves to the status as soon as the run stands in this state, at once when it does already: `until('waiting')`
   * when it waits for a person or a time, whichever process moves it. A run that waits or is paused has no owner by then:
   * anybody may resume it. It is about what is, not what was: a wait that is over is not reported.
   *
   * Rejects with `ERR_WRONG_STATE` when the run has ended in another state, `ERR_TIMEOUT` after `timeoutMs`, and, like
   * `result`, `ERR_PAUSED` when this process moved the run and paused it.
   */
  until(state: RunState, options?: UntilOptions): Promise<RunStatus>
  /** Journal records from `from` on. `follow: false` ends at the last one instead of waiting for the end of the run. */
  events(
    options?: Call & { readonly from?: number | undefined; readonly follow?: boolean | undefined },
  ): AsyncIterable<RunEvent>
  /**
   * The result when the run has ended. The only place that rejects with its failure: `ERR_RUN_FAILED` with the
   * outcomes in its details, `ERR_CANCELLED`; in the process that moved the run also `ERR_PAUSED`. Ignoring it never
   * causes an unhandled rejection.
   */
  result(call?: Call): Promise<Output>
  /** Stops at the next safe point, to be resumed. An aborted `signal` and `manager.close()` mean exactly this. */
  pause(call?: Call): Promise<void>
  /** Stops at the next safe point for good, gives the claims back, names every server that is left half done. */
  cancel(reason: string, call?: Call): Promise<void>
}
