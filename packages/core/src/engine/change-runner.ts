import type { Change, PlannedStep } from '../domain/plan.ts'
import { stepsOf } from '../domain/planned-steps.ts'
import { type DescribedError, describeError, isVmunitError, VmunitError } from '../errors/index.ts'
import type { Call, Wait } from '../ports/index.ts'
import { checkFacts, type FactSources } from './facts.ts'
import { type Outages, putBack } from './outages.ts'
import { type Patience, patiently } from './patiently.ts'
import type { ScheduledChange } from './progress.ts'
import { StepParked } from './step-parked.ts'
import { runStep, type StepEnvironment } from './step-runner.ts'

export interface ChangeEnvironment extends StepEnvironment {
  readonly facts: FactSources
  readonly outages: Outages
  /** Other groups that a run whose records were lost has taken out; see `outUnrecorded`. */
  readonly outUnrecorded: (group: string, call: Call) => Promise<readonly string[]>
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** Told when nothing of a group is in work any more, for now. */
  readonly atRest: (group: string) => void
  readonly concurrency: { readonly width: number; run<T>(work: () => Promise<T>): Promise<T> }
}

/**
 * Carries out the change of one group: each step begins as soon as those it needs are done.
 *
 * When a step fails, what needs it does not begin, the other servers finish the stage they are in, and the change has
 * failed. On the way back a failed step stops nothing: as much as possible is put back. Resolves to what it waits for
 * when all that is left of it waits for people or time: then it has not ended, and is run again later.
 */
export async function runChange(environment: ChangeEnvironment, scheduled: ScheduledChange): Promise<readonly Wait[]> {
  const { progress, writer } = environment
  const { key, change } = scheduled
  const isReturn = key.startsWith('back:')
  const steps = stepsOf(progress.plan, change)
  const attempt = progress.attempts.get(change.group) ?? 1
  const back = putBack(progress.runId, [change])
  // Recorded before anything is awaited: from now on the change counts as one in flight.
  if (progress.changes.get(key) === undefined) writer.write({ type: 'change.began', data: { change: key } })
  const takesOut = change.disturbs && !isReturn && !steps.some(({ id }) => progress.steps.get(id)?.state === 'done')
  if (progress.isDoubtful && takesOut) await checkOthers(environment, change.group)
  if (!steps.some((step) => progress.steps.has(step.id))) {
    // The look is at stored records: what the group before has just written must be among them.
    await writer.durable()
    const stale = await environment.waits.during(key, (waitingFor) =>
      staleness(environment, { change, steps, attempt, waitingFor }),
    )
    if (stale !== undefined) {
      writer.write({ type: 'change.failed', data: { change: key, error: stale } }, [
        ...environment.waits.ended(key),
        ...back,
      ])
      return []
    }
  }
  const first = steps.find((step) => environment.kindOf(step).livesInRecords !== 'only')
  const onUntouched = (): void => void progress.inDoubt.delete(key)
  const { failed, waits } = await runSteps(steps, {
    carriesOn: isReturn,
    run: (step) =>
      environment.concurrency.run(() =>
        runStep(environment, {
          step,
          group: change.group,
          attempt,
          mayBeSkipped: isReturn,
          ...(step === first && { onUntouched }),
        }),
      ),
  }).finally(() => environment.atRest(change.group))
  // On the way back, what is found done may have been undone by what was lost.
  const provesNothing = progress.inDoubt.has(key) || (isReturn && progress.isDoubtful)
  if (failed !== undefined && provesNothing) throw movedOn(progress.runId, errorOf(environment, failed))
  if (failed === undefined && waits.length > 0) return waits
  if (failed === undefined) {
    writer.write({ type: 'change.done', data: { change: key } }, [...environment.waits.ended(key), ...back])
  } else {
    writer.write({ type: 'change.failed', data: { change: key, error: errorOf(environment, failed) } }, [
      ...environment.waits.ended(key),
      ...back,
    ])
  }
  return []
}

function errorOf(environment: ChangeEnvironment, step: PlannedStep): DescribedError {
  const progress = environment.progress.steps.get(step.id)
  if (progress?.state !== 'failed') return { code: 'ERR_INTERNAL', message: `Step ${step.id} failed`, details: {} }
  const { error } = progress
  return {
    ...error,
    message: `${step.id}: ${error.message}`,
    details: { ...error.details, step: step.id, server: step.server },
  }
}

/** A change that is about to begin. */
interface Beginning {
  readonly change: Change
  readonly steps: readonly PlannedStep[]
  readonly attempt: number
  readonly waitingFor: (what: string) => void
}

/** A change is checked against the world again, directly before its first step. */
async function staleness(
  environment: ChangeEnvironment,
  { change, steps, attempt, waitingFor }: Beginning,
): Promise<DescribedError | undefined> {
  const { facts, outages, progress, stop } = environment
  // Whether another group stands in is looked at when this one is taken out.
  const expects = change.expects.filter(({ fact }) => fact !== 'standIn')
  // The world has moved on by the own hand of a change whose records were lost.
  const isAdopted = steps.some(({ id }) => progress.adopted.has(`${id}#${attempt}`))
  const onDelay = (error: Error): void => waitingFor(`a look at its servers: ${error.message}`)
  try {
    await patiently({ ...patienceOf(environment), onDelay }, async () => {
      if (!isAdopted) await checkFacts(facts, expects, { signal: stop })
      await outages.takeOut(change, { signal: stop })
    })
    return undefined
  } catch (error) {
    if (stop.aborted || isVmunitError(error, 'ERR_LEASE_LOST')) throw error
    if (progress.isDoubtful && isVmunitError(error, 'ERR_PLAN_STALE')) throw movedOn(progress.runId, error)
    return describeError(error)
  }
}

function patienceOf({ timing, now, sleep, stop }: ChangeEnvironment): Patience {
  return { timing, now, stop, sleep: async (ms) => await sleep(ms, stop) }
}

/** Where records were lost, another group may be out of service that nobody remembers: then no further one is taken out. */
async function checkOthers(environment: ChangeEnvironment, group: string): Promise<void> {
  const { outUnrecorded, progress, stop } = environment
  const out = await patiently(patienceOf(environment), async () => await outUnrecorded(group, { signal: stop }))
  if (out.length === 0) return
  const message = `${out.join(', ')} would serve by the records, and get no traffic.`
  throw movedOn(progress.runId, new VmunitError('ERR_PLAN_STALE', message, { details: { groups: out } }))
}

/** What does not fit, or fails, may be the work of this run itself, or of another one, whose records were lost. */
function movedOn(runId: string, { message, details, ...rest }: DescribedError | VmunitError): VmunitError {
  return new VmunitError(
    'ERR_JOURNAL_BEHIND',
    `Records of run ${runId} were lost, and the world has moved on: ${message.replace(/\.$/, '')}. ` +
      'Restore a newer backup if there is one; else cancel the run, look at its servers, and plan again.',
    { details: { ...details, runId, cause: rest.code } },
  )
}

interface StepsOptions {
  /** Whether what needs a failed step begins all the same. */
  readonly carriesOn: boolean
  readonly run: (step: PlannedStep) => Promise<boolean>
}

interface StepsEnd {
  readonly failed: PlannedStep | undefined
  readonly waits: readonly Wait[]
}

/** Runs steps as their needs permit; resolves to the first that failed, and to what others wait for. Rejects, when all are quiet, if one stopped. */
async function runSteps(steps: readonly PlannedStep[], { carriesOn, run }: StepsOptions): Promise<StepsEnd> {
  const missing = new Map(steps.map((step) => [step.id, new Set(step.needs)]))
  const dependents = new Map<string, PlannedStep[]>()
  for (const step of steps) {
    for (const need of step.needs) dependents.set(need, [...(dependents.get(need) ?? []), step])
  }
  const waits: Wait[] = []
  let failed: PlannedStep | undefined
  let stopped: { readonly reason: unknown } | undefined

  async function follow(step: PlannedStep): Promise<void> {
    if (stopped !== undefined) return
    try {
      const isDone = await run(step)
      if (!isDone) failed ??= step
      if (!isDone && !carriesOn) return
    } catch (reason) {
      if (reason instanceof StepParked) waits.push(reason.wait)
      else stopped ??= { reason }
      return
    }
    const ready = (dependents.get(step.id) ?? []).filter((next) => {
      const needs = missing.get(next.id)
      needs?.delete(step.id)
      return needs?.size === 0
    })
    await Promise.all(ready.map(follow))
  }

  await Promise.all(steps.filter((step) => step.needs.length === 0).map(follow))
  if (stopped !== undefined) throw stopped.reason
  return { failed, waits }
}
