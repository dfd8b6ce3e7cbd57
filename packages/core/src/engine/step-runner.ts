import type { Plain } from '../domain/plain.ts'
import type { PlannedStep } from '../domain/plan.ts'
import { describeError, isVmunitError, VmunitError } from '../errors/index.ts'
import type { DocumentUpdate, StepContext, StepKind, StepMoment } from '../ports/index.ts'
import type { JournalWriter } from './journal-writer.ts'
import type { Progress } from './progress.ts'
import { resolveOutputs } from './resolve-outputs.ts'
import { StepParked } from './step-parked.ts'
import { backoff, type Timing } from './timing.ts'
import type { Waits } from './waits.ts'

/** What one run lends to its steps. */
export interface StepEnvironment {
  readonly progress: Progress
  readonly writer: JournalWriter
  readonly timing: Timing
  /** Aborts with {@link RunStopped} at pause and cancel: waits end, calls in flight do not. */
  readonly stop: AbortSignal
  readonly now: () => number
  readonly kindOf: (step: PlannedStep) => StepKind
  readonly contextOf: (operationId: string, of: ContextOf) => StepContext
  readonly waits: Pick<Waits, 'during' | 'ended'>
}

/** Whose context it is, and who is told what it waits for. */
export interface ContextOf {
  readonly group: string
  readonly waitingFor: (what: string) => void
}

export interface StepRun {
  readonly step: PlannedStep
  /** The group whose change it belongs to. */
  readonly group: string
  readonly attempt: number
  /** On the way back, a step whose inputs never came to be has nothing to undo. */
  readonly mayBeSkipped: boolean
  /** Called when a look proves that the step has had no effect so far. */
  readonly onUntouched?: () => void
}

/**
 * Brings one step to its end: intent, act, record. After a crash or a lost answer it looks before it acts.
 *
 * Resolves true when it is done, false when it failed for good; both are in the journal then. Rejects when the run
 * stops first, or with {@link StepParked}: nothing is recorded, and whoever goes on with it looks.
 */
export async function runStep(environment: StepEnvironment, run: StepRun): Promise<boolean> {
  const { progress, writer, now } = environment
  const { step, attempt } = run
  const known = progress.steps.get(step.id)
  if (known !== undefined && known.state !== 'began') return known.state !== 'failed'
  environment.stop.throwIfAborted()

  const resolved = resolveOutputs(step.input, progress)
  if (resolved === undefined && run.mayBeSkipped) {
    writer.write({ type: 'step.skipped', data: { step: step.id, attempt } })
    return true
  }
  const operationId = `${progress.runId}/${step.id}#${attempt}`
  const kind = environment.kindOf(step)
  const input = parsed(step.id, () => kind.input.parse(resolved?.input))
  const updates = (moment: StepMoment<unknown>): readonly DocumentUpdate[] =>
    kind.records?.(input, moment, {
      runId: progress.runId,
      operationId,
      now: now(),
      step: step.id,
      planHash: progress.plan.hash,
      requestedBy: progress.principal.name,
    }) ?? []

  const isResumed = known !== undefined
  if (!isResumed) writer.write({ type: 'step.began', data: { step: step.id, attempt } }, updates({ type: 'began' }))
  await writer.durable()
  try {
    const output = await environment.waits.during(step.id, (waitingFor) =>
      reach(environment, { ...run, operationId, kind, input, mustLook: isResumed || progress.isDoubtful, waitingFor }),
    )
    writer.write({ type: 'step.done', data: { step: step.id, attempt, output } }, [
      ...environment.waits.ended(step.id),
      ...updates({ type: 'done', output }),
    ])
    return true
  } catch (error) {
    if (environment.stop.aborted || error instanceof StepParked || isVmunitError(error, 'ERR_LEASE_LOST')) throw error
    const described = describeError(error)
    writer.write({ type: 'step.failed', data: { step: step.id, attempt, error: described } }, [
      ...environment.waits.ended(step.id),
      ...updates({ type: 'failed', code: described.code, message: described.message }),
    ])
    return false
  }
}

/** A step whose input does not fit its kind is a mistake in the operation; the run stops and keeps everything. */
function parsed(step: string, parse: () => unknown): unknown {
  try {
    return parse()
  } catch (error) {
    throw new VmunitError('ERR_INTERNAL', `The input of step ${step} does not fit its kind; nothing was done.`, {
      cause: error,
      details: { step },
    })
  }
}

interface Reaching extends StepRun {
  readonly operationId: string
  readonly kind: StepKind
  readonly input: unknown
  readonly mustLook: boolean
  readonly waitingFor: (what: string) => void
}

/** Looks and acts until the effect is there. A first attempt needs no look; every later one does. */
async function reach(environment: StepEnvironment, run: Reaching): Promise<Plain> {
  const { timing, writer, now } = environment
  const { kind, input, step, attempt, operationId } = run
  const context = environment.contextOf(operationId, run)
  let waitingSince: number | undefined
  let failingSince: number | undefined
  let mustLook = run.mustLook
  for (let tries = 1; ; tries += 1) {
    const triedAt = now()
    try {
      if (mustLook) {
        const look = await kind.observe(input, context)
        if (look.state === 'done') return kind.output.parse(look.value) as Plain
        if (look.state === 'absent') run.onUntouched?.()
        if (look.state === 'busy' || look.state === 'unknown') {
          waitingSince ??= now()
          if (now() - waitingSince > timing.lookForMs) throw undecided(step.id, look.detail)
          context.waitingFor(`a look to say what became of it: ${look.detail}`)
          await context.sleep(backoff(tries, 50, timing.pollMs))
          continue
        }
      }
      waitingSince = undefined
      mustLook = true
      return kind.output.parse(await kind.act(input, context)) as Plain
    } catch (error) {
      // One that worked for long before it failed starts the patience anew; longer than a call may take to be given up.
      if (now() - triedAt > timing.retryForMs / 2) failingSince = undefined
      failingSince ??= now()
      const mayPass = isVmunitError(error) && error.retryable && now() - failingSince < timing.retryForMs
      if (environment.stop.aborted || !mayPass) throw error
      mustLook = true
      writer.write({ type: 'step.retried', data: { step: step.id, attempt, error: describeError(error) } })
      context.waitingFor(`another try, because of ${describeError(error).message}`)
      await context.sleep(backoff(tries, 100, 15_000))
    }
  }
}

function undecided(step: string, detail: string): VmunitError {
  return new VmunitError(
    'ERR_UNKNOWN_STATE',
    `Nobody can say whether ${step} took effect: ${detail}. Make that answer, then resume or plan again.`,
    { details: { step, detail } },
  )
}
