import type { Plan } from '../domain/plan.ts'
import { hasEnded, type RunState } from '../domain/run-state.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call, Run, RunStatus } from '../ports/index.ts'
import { commitUpdates } from './commit-updates.ts'
import { answerPause, askToStop } from './control.ts'
import { type ControlDocument, keys, runDocumentParser } from './documents.ts'
import type { EngineOptions } from './engine-options.ts'
import { findOperation } from './find-operation.ts'
import { type FollowSources, followJournal } from './follow-journal.ts'
import { loadRun } from './load-run.ts'
import { outcomesOf } from './outcomes.ts'
import { applyRecord, beginProgress, type Progress } from './progress.ts'
import { untilState } from './until-state.ts'

export interface RunHandleOptions<Output> {
  readonly engine: EngineOptions
  readonly runId: string
  readonly plan: Plan<Output>
  readonly bell: FollowSources['bell']
  /** The principal in whose name the handle pauses and cancels. */
  readonly by: string
  /** Rejects when this process gave the run up for a reason that is no outcome of the run. */
  readonly failure: () => Promise<never>
  /** Makes the owner of the run notice a request at once, if it is this process, or takes the run over to carry it out. */
  readonly enforce: (control: ControlDocument) => Promise<void>
}

/** What runs wait for that no process moves although nothing else is in their way. */
const NEEDS_RESUME: { readonly [state in RunState]?: string } = {
  interrupted: 'somebody to resume it, since the process that moved it is gone',
  paused: 'somebody to resume it',
}

/** A view on a run; everything that it says comes from the store. */
export function createRunHandle<Output>(options: RunHandleOptions<Output>): Run<Output> {
  const { engine, runId, plan, by, enforce } = options
  const { store, clock, timing } = engine
  const sources = sourcesOf(options)

  async function state(call: Call = {}): Promise<RunStatus> {
    // In this order: a run that ends in between is seen as ended, not as one without an owner.
    const holder = await store.holder(keys.run(runId), call)
    const [document] = await store.get([keys.run(runId)], call)
    if (document === undefined) throw new VmunitError('ERR_NOT_FOUND', `There is no run ${runId}.`)
    const head = runDocumentParser.parse(document.value)
    const current = head.state === 'running' && holder === undefined ? 'interrupted' : head.state
    return {
      state: current,
      waitingFor: NEEDS_RESUME[current] ?? head.waiting?.for,
      request: head.waiting?.request,
      requests: head.waiting?.requests,
      // The lease of a run that has ended is about to be given back.
      owner: hasEnded(current) ? undefined : holder?.owner,
      heartbeatAt: holder?.renewedAt,
    }
  }

  async function ask(verb: 'pause' | 'cancel', reason: string, call: Call): Promise<void> {
    const { state: current } = await state(call)
    if (hasEnded(current) || (verb === 'pause' && current !== 'running' && current !== 'waiting')) return
    const control: ControlDocument = { verb, reason, by }
    await commitUpdates(store, { updates: [askToStop(runId, control)] }, call)
    await enforce(control)
    for (;;) {
      const now = await state(call)
      const isMoved = now.state === 'running' || now.state === 'waiting'
      // Who was asked has died; whoever resumes the run wants it to go on.
      if (verb === 'pause' && now.state === 'interrupted') {
        await commitUpdates(store, { updates: [answerPause(runId)] }, call)
      }
      if (hasEnded(now.state) || (verb === 'pause' && !isMoved)) return
      // Somebody paused it at the same moment, or its process died: it is taken over, so that it ends.
      if (!isMoved) await enforce(control)
      await clock.sleep(Math.min(timing.pollMs, 100), call)
    }
  }

  return {
    id: runId,
    plan,
    state,
    until: (wanted, until = {}) => untilState({ runId, sources, look: state, failure: options.failure }, wanted, until),
    events: ({ from = 1, follow = true, signal } = {}) => followJournal(sources, runId, { from, follow, signal }),
    async result(call = {}) {
      // Whoever is told of a pause waits no longer: what follows the run would keep the process alive.
      const over = new AbortController()
      const signal = call.signal === undefined ? over.signal : AbortSignal.any([call.signal, over.signal])
      const ended = untilEnded(options, { ...call, signal })
      try {
        return resultOf(engine, plan, await Promise.race([ended, options.failure()]))
      } finally {
        over.abort()
        await ended.catch(() => {})
      }
    },
    pause: (call = {}) => ask('pause', 'paused on request', call),
    cancel: (reason, call = {}) => ask('cancel', reason, call),
  }
}

function sourcesOf<Output>({ engine, bell }: RunHandleOptions<Output>): FollowSources {
  const { store, clock, timing } = engine
  return { store, clock, bell, pollMs: timing.pollMs }
}

async function untilEnded<Output>(options: RunHandleOptions<Output>, call: Call): Promise<Progress> {
  const { engine, runId } = options
  let progress: Progress | undefined
  for (;;) {
    const from = progress?.nextSeq ?? 1
    // Following also stops at a pause; somebody may resume the run later.
    for await (const record of followJournal(sourcesOf(options), runId, { from, follow: true, ...call })) {
      if (progress === undefined) progress = beginProgress(runId, record)
      else applyRecord(progress, record)
    }
    if (progress !== undefined && hasEnded(progress.state)) return progress
    // It may have ended all the same, when an archive has taken the place of its journal.
    const loaded = await loadRun(engine.store, runId, call)
    if (hasEnded(loaded.state)) return loaded
    await engine.clock.sleep(engine.timing.pollMs, call)
  }
}

function resultOf<Output>(engine: EngineOptions, plan: Plan<Output>, progress: Progress): Output {
  const outcomes = outcomesOf(progress)
  const { runId, error } = progress
  if (progress.state !== 'succeeded') {
    const code = progress.state === 'cancelled' ? 'ERR_CANCELLED' : 'ERR_RUN_FAILED'
    const halfDone = progress.halfDone.length === 0 ? '' : ` Left half done: ${progress.halfDone.join(', ')}.`
    throw new VmunitError(code, `Run ${runId}: ${error?.message ?? 'failed'}${halfDone}`, {
      details: { runId, outcomes, halfDone: progress.halfDone },
    })
  }
  const operation = findOperation(engine, progress)
  const outputOf = (step: string): unknown => {
    const done = progress.steps.get(step)
    return done?.state === 'done' ? done.output : undefined
  }
  return operation.result(plan, { runId, outcomes, warnings: plan.warnings, outputOf }) as Output
}
