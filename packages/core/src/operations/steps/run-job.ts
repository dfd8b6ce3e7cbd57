import * as z from 'zod'
import type { Observed } from '../../domain/observed.ts'
import type { Argv } from '../../domain/tier.ts'
import { isVmunitError, VmunitError } from '../../errors/index.ts'
import type { ExecResult, GuestAddress, StepContext, StepKind } from '../../ports/index.ts'
import { findMachine } from './find-machine.ts'
import { type Marks, markServer } from './marks.ts'
import { command, guestInput, marks } from './schemas.ts'

export interface RunJobInput {
  readonly guest: GuestAddress
  readonly argv: Argv
  /** The command is ended when it has run so long. */
  readonly timeoutMs: number
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** It may be run once more, when it began and left no exit code. */
  readonly repeatable?: boolean | undefined
  readonly marks?: Marks | undefined
}

export interface FinishedJob {
  readonly exitCode: number
}

const input = z.object({
  guest: z.object(guestInput),
  ...command,
  environment: z.record(z.string(), z.string()).optional(),
  repeatable: z.boolean().optional(),
  marks,
})

const output = z.object({ exitCode: z.number() })

/** How much of a failed command's output stands in the error. */
const SHOWN_OUTPUT = 2_000

/** Runs a command in a guest exactly once, detached, and waits for its exit code; found again after any interruption. */
export const runJob: StepKind<RunJobInput, FinishedJob> = {
  name: 'guest.job',
  version: 1,
  input,
  output,
  async observe(step, context) {
    const { id, job } = await lookAtJobs(step, context)
    // A job that runs has its own time limit, which may be longer than the patience of a look: it is waited for here.
    return job.state === 'busy' ? await untilSettled(step, context, id) : judge(step, job)
  },
  async act(step, context) {
    const guest = await context.guest(step.guest)
    const { argv, environment, timeoutMs } = step
    const id = step.repeatable === true ? (await lookAtJobs(step, context)).id : context.operationId
    await guest.startJob(id, { argv, environment, timeoutMs }, context)
    return await untilOver(step, context, id)
  },
  records: (step, moment) => markServer(step.marks, moment),
}

/** The job that counts: what may be repeated has a second one when nobody knows how the first ended. */
async function lookAtJobs(
  step: RunJobInput,
  context: StepContext,
): Promise<{ readonly id: string; readonly job: Observed<ExecResult> }> {
  const { operationId: first } = context
  const job = await lookAtJob(step, context, first)
  if (job.state !== 'unknown' || step.repeatable !== true) return { id: first, job }
  const second = secondOf(first)
  return { id: second, job: await lookAtJob(step, context, second) }
}

function secondOf(operationId: string): string {
  return `${operationId}~2`
}

async function lookAtJob(step: RunJobInput, context: StepContext, id: string): Promise<Observed<ExecResult>> {
  try {
    const guest = await context.guest(step.guest)
    return await guest.job(id, context)
  } catch (error) {
    // What may be repeated waits for its machine.
    const isForGood = step.repeatable !== true && isVmunitError(error, 'ERR_UNAVAILABLE')
    if (isForGood && (await isMachineDown(step, context))) {
      return { state: 'unknown', detail: 'its machine is off' }
    }
    throw error
  }
}

/** A guest that cannot be reached may come back; one whose machine is off or gone took its jobs with it. */
async function isMachineDown({ guest }: RunJobInput, context: StepContext): Promise<boolean> {
  if (guest.machine === undefined) return false
  const found = await findMachine(context.hypervisor(guest.hypervisor), guest.machine, context)
  return found.state === 'absent' || (found.state === 'done' && found.value.power === 'off')
}

async function untilOver(step: RunJobInput, context: StepContext, id: string): Promise<FinishedJob> {
  const job = await untilSettled(step, context, id)
  if (job.state === 'done') return job.value
  throw new VmunitError('ERR_UNAVAILABLE', `The job on ${step.guest.address} vanished; it is started again.`, {
    retryable: true,
  })
}

/** Waits while the job runs. Changes nothing. */
async function untilSettled(step: RunJobInput, context: StepContext, id: string): Promise<Observed<FinishedJob>> {
  for (let tries = 1; ; tries += 1) {
    const guest = await context.guest(step.guest)
    const found = await guest.job(id, context)
    if (found.state === 'unknown' && step.repeatable === true && id === context.operationId) throw begunAgain(step)
    const job = judge(step, found)
    if (job.state !== 'busy') return job
    context.waitingFor(`"${step.argv.join(' ')}" to end on ${step.guest.address}`)
    await context.sleep(Math.min(1_000, 10 * 2 ** Math.min(tries, 7)))
  }
}

function begunAgain({ argv, guest }: RunJobInput): VmunitError {
  return new VmunitError(
    'ERR_UNAVAILABLE',
    `"${argv.join(' ')}" left no exit code on ${guest.address}; it is repeatable and is run again.`,
    { retryable: true, details: { argv, address: guest.address } },
  )
}

/** A job that ended well is done; one that ended badly, or nobody knows how, has failed for good. */
function judge(step: RunJobInput, job: Observed<ExecResult>): Observed<FinishedJob> {
  if (job.state === 'unknown') {
    throw new VmunitError(
      'ERR_JOB_UNKNOWN',
      `"${step.argv.join(' ')}" began on ${step.guest.address} and left no exit code: ${job.detail}.`,
      { details: { argv: step.argv, address: step.guest.address } },
    )
  }
  if (job.state !== 'done') return job
  const { exitCode, stdout, stderr } = job.value
  if (exitCode === 0) return { state: 'done', value: { exitCode } }
  const shown = new TextDecoder().decode(stderr.length > 0 ? stderr : stdout).slice(-SHOWN_OUTPUT)
  throw new VmunitError(
    'ERR_COMMAND_FAILED',
    `"${step.argv.join(' ')}" ended with exit code ${exitCode} on ${step.guest.address}: ${shown.trim()}`,
    { details: { argv: step.argv, address: step.guest.address, exitCode, output: shown } },
  )
}
