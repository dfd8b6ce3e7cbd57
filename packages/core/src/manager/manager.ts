import type { Plan } from '../domain/plan.ts'
import type { Principal } from '../domain/principal.ts'
import type { RunState } from '../domain/run-state.ts'
import type { Slot } from '../domain/slot.ts'
import type { ResumeOptions } from '../engine/engine.ts'
import type { Call, Closeable, Operation, Run } from '../ports/index.ts'
import type { Accounts } from './accounts.ts'
import type { Archives } from './archives.ts'
import type { AuditEntry, AuditFilter } from './audit/audit-records.ts'
import type { Definitions } from './definitions.ts'
import type { DiagnoseInput } from './diagnose/diagnose.ts'
import type { Diagnosis } from './diagnose/diagnosis.ts'
import type { Explanation } from './explain.ts'
import type { LoadProposal, WatchLoad } from './load/watch-load.ts'
import type { Notices } from './notices/notices.ts'
import type { Requests } from './requests.ts'
import type { Templates } from './templates.ts'
import type { Units } from './units.ts'

export interface StartOptions extends Call {
  /** `required`: the run waits, without a lease, until a second person approves exactly this plan. */
  readonly approval?: 'required' | undefined
  /** How long to wait for the end before the handle is returned; the original's `-wait`. Default 0. */
  readonly waitMs?: number | undefined
}

/** Which runs keep their journals. A run that is not over always does. */
export interface RetentionPolicy {
  /** Those that ended less than this ago, by the store's clock. */
  readonly keepMs: number
  /** The newest ones, however long ago they ended. Default 0. */
  readonly keepLast?: number | undefined
}

export interface AnswerToRequest {
  /** False declines: an approval cancels the run, anything else fails the step that asked. */
  readonly approve: boolean
  /** The plan that the person saw. */
  readonly planHash?: string | undefined
  /** For people: why, or what to heed. */
  readonly note?: string | undefined
  /** What was asked for: see `ProvidedResources` for the requests to the resource manager. */
  readonly content?: unknown
}

/**
 * A virtual server manager: plans and runs operations on the fleet, and keeps its records.
 *
 * @example
 * ```ts
 * await using manager = createManager({ hypervisors: { main }, guests, store: openSqliteStore('./vmunit.db'), principal })
 * const plan = await manager.plan(applyTemplate, { unit: 'gyoumu_a', template: { template: 'web-base', version: 2 } })
 * console.log(formatPlan(plan))
 * const run = await manager.start(plan)
 * console.log(await run.result())
 * ```
 */
export interface Manager extends Closeable {
  readonly accounts: Accounts
  readonly units: Units
  readonly templates: Templates
  readonly definitions: Definitions
  readonly requests: Requests
  readonly notices: Notices
  readonly archives: Archives
  /**
   * The same manager with the rights of another principal, whom the embedding program vouches for; shares ports and
   * runs. A manager of {@link Manager.authenticate} is refused it with `ERR_PERMISSION_DENIED`, unless an administrator's.
   */
  as(principal: Principal): Manager
  /**
   * The same manager with the rights of somebody who proves who it is: by an account here, or by the `authenticator`.
   *
   * It can do nothing any more when the account is deleted, or an administrator has reset its password. Closing it ends
   * this admission only; runs go on.
   *
   * @throws {@link VmunitError} `ERR_UNAUTHENTICATED`, whichever of the two is wrong.
   * @example
   * ```ts
   * const mine = await manager.authenticate('user_a', 'abcdefg8')
   * console.log((await mine.units.list()).map(({ name }) => name))
   * ```
   */
  authenticate(name: string, secret: string, call?: Call): Promise<Manager>
  /**
   * Looks at the world once and plans. Changes nothing and opens no guest; the same world gives the same bytes.
   *
   * @throws {@link VmunitError} `ERR_INVALID_INPUT` and whatever makes the work impossible.
   */
  plan<Input, Output>(operation: Operation<Input, Output>, input: NoInfer<Input>, call?: Call): Promise<Plan<Output>>
  /**
   * Executes exactly this plan, also one that was JSON in between. An aborted `signal` pauses the run.
   *
   * @throws {@link VmunitError} `ERR_PLAN_EDITED`, `ERR_PLAN_STALE` naming the servers, `ERR_CLAIMED` naming the run
   * in the way; `ERR_NOT_CONFIGURED` when this manager does not have the operation. Nothing has changed then.
   */
  start<Output>(plan: Plan<Output>, options?: StartOptions): Promise<Run<Output>>
  /**
   * Plans, starts, and waits for the result.
   *
   * @throws {@link VmunitError} what `plan`, `start` and `Run.result` reject with: `ERR_RUN_FAILED` with the outcome of
   * each server in the details, among others. A `signal` that aborts once the run has begun pauses it: `ERR_PAUSED`.
   */
  execute<Input, Output>(operation: Operation<Input, Output>, input: NoInfer<Input>, call?: Call): Promise<Output>
  /** A full handle on any run, whichever process moves it. Rejects with `ERR_NOT_FOUND`. */
  run(id: string, call?: Call): Promise<Run>
  /** Runs, oldest first. */
  runs(
    filter?: { readonly states?: readonly RunState[] | undefined; readonly unit?: string | undefined },
    call?: Call,
  ): AsyncIterable<Run>
  /**
   * Takes over every run (or this one) that is due and has no live owner; operations are found by name. One that cannot
   * be moved keeps no other from being moved: then it rejects afterwards, with what was in the way of the first.
   *
   * @throws {@link VmunitError} `ERR_LOCKED` when another process moves the run; `ERR_STORE_BUSY` when its owner is
   * stopped in the middle of a write: continue or end it, or pass `takeover: 'kill'`; `ERR_JOURNAL_BEHIND` when the
   * world holds work of a run that its journal does not know, as after the restore of an old backup: `adopt: true` goes
   * on from what the world shows.
   */
  resume(id?: string, options?: ResumeOptions): Promise<readonly Run[]>
  /**
   * Why a server is where it is, in sentences: what a run planned for it and why, what was done when, what went wrong,
   * where its machines are, what it waits for and what to do next.
   *
   * @throws {@link VmunitError} `ERR_NOT_FOUND` when there is no such run, or its plan does not name the server.
   */
  explain(run: string, server: Slot, call?: Call): Promise<Explanation>
  /**
   * Takes the word of a person that the machines and images with these operation ids are accounted for, although no
   * record knows them: `details.traces` of `ERR_JOURNAL_BEHIND` lists them. They stand in nobody's way any more. Only an
   * administrator may.
   */
  acceptTraces(operationIds: readonly string[], call?: Call): Promise<void>
  /**
   * Compacts runs that ended long ago: who did what under which plan, gates, outcomes and results stay, their events go.
   * One transaction a run, so that it may be stopped and repeated at any time. Resolves to the ids. Only an
   * administrator may.
   */
  compact(policy: RetentionPolicy, call?: Call): Promise<readonly string[]>
  /**
   * Answers what a run waits for, for good. The requester cannot approve the own request, but can pass on the word that
   * work is done or that resources are there.
   *
   * @throws {@link VmunitError} `ERR_APPROVAL_REFUSED` for the own request or another plan; `ERR_INVALID_INPUT` when the
   * content is not what was asked for; `ERR_NOT_FOUND`; `ERR_CONFLICT` when it was answered already, or nobody waits.
   */
  answer(request: string, answer: AnswerToRequest, call?: Call): Promise<void>
  /**
   * Finds out what is at fault in a unit, and says what to do: manager, hypervisor, machine, network, guest access,
   * application, balancer (manual 4.3.1, 6.3.1). Changes nothing; asks guests only what may be asked again.
   */
  diagnose(input: DiagnoseInput, call?: Call): Promise<Diagnosis>
  /**
   * Measures the load of a unit and proposes a plan when it is too much; never starts one. Ends with the signal.
   *
   * The command is work on the unit: who may only look at it is refused.
   *
   * @throws {@link VmunitError} `ERR_NOT_FOUND`, `ERR_PERMISSION_DENIED`, `ERR_INVALID_INPUT`, and what `propose` throws.
   */
  watchLoad<Output>(watch: WatchLoad<Output>): AsyncIterable<LoadProposal<Output>>
  /**
   * Who called what, oldest first, as far as `ManagerOptions.audit` had it written down when it was called. Who started,
   * answered and cancelled runs stands in their journals. Only an administrator may.
   */
  audit(filter?: AuditFilter, call?: Call): AsyncIterable<AuditEntry>
  /**
   * Gives the store up and closes the manager; administrators only. Refused with `ERR_WRONG_STATE` while there are
   * units, or runs that have not ended. Afterwards the file of the store can be deleted.
   */
  remove(call?: Call): Promise<void>
}
