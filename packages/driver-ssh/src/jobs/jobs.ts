import { createHash, randomBytes } from 'node:crypto'
import type { Call, Command, ExecResult, Observed, OperationId } from '@vmunit/core'
import { ask } from '../commands/ask.ts'
import { commandScript } from '../commands/command-script.ts'
import type { ShellText } from '../commands/quote.ts'
import type { Session } from '../commands/remote-process.ts'
import { VmunitError } from '../errors.ts'
import { type JobPlace, lookScript, startScript, stopScript } from './job-scripts.ts'
import { parseJob } from './parse-job.ts'

/** Names a job in a guest. */
export interface JobName {
  readonly id: OperationId
  /** As a word of a shell script. */
  readonly stateDirectory: ShellText
}

/** Starts a command detached from every connection, once for its id. One round trip; one more when permission is asked. */
export async function startJob(
  session: Session,
  job: JobName & { readonly command: Command },
  call: Call,
): Promise<void> {
  const { command } = job
  const start = {
    ...placeOf(job),
    commandScript: commandScript(command),
    nonce: randomBytes(8).toString('hex'),
    timeoutMs: command.timeoutMs,
  }
  const answer = (await ask(session, { script: startScript(start), isSecret: true }, call)).toString().trim()
  if (answer === 'started' || answer === 'known') return
  throw refused(session.link.server, answer)
}

/** Finds a job again, whatever happened to connection, process or guest since it was started. */
export async function lookAtJob(session: Session, job: JobName, call: Call): Promise<Observed<ExecResult>> {
  const seen = parseJob(await ask(session, { script: lookScript(placeOf(job)) }, call))
  if (seen !== undefined) return seen
  // Nothing is concluded from what cannot be read: it may have begun.
  return { state: 'unknown', detail: 'the record of the job in the guest cannot be read' }
}

/** Ends a job and what it started, and waits until nothing of it runs. */
export async function stopJob(session: Session, job: JobName, call: Call): Promise<void> {
  const answer = (await ask(session, { script: stopScript(placeOf(job)) }, call)).toString().trim()
  if (answer === 'gone') return
  throw new VmunitError(
    'ERR_TIMEOUT',
    `The job ${job.id} on ${session.link.server} does not end, not even by SIGKILL. See what its processes wait for.`,
    { retryable: true, details: { server: session.link.server, id: job.id } },
  )
}

function placeOf({ id, stateDirectory }: JobName): JobPlace {
  return { stateDirectory, name: createHash('sha256').update(id).digest('hex') }
}

function refused(server: string, answer: string): VmunitError {
  const lacks = /^lacks (\S+)$/.exec(answer)?.[1]
  const details = { server }
  if (lacks !== undefined) {
    return new VmunitError('ERR_UNSUPPORTED', `${server} lacks the program ${lacks}, which jobs need. Install it.`, {
      details,
    })
  }
  if (answer === 'foreign') {
    const message = `The directory where ${server} keeps jobs belongs to somebody else, who could run what they like in it. Remove it, or choose another stateDirectory.`
    return new VmunitError('ERR_CONFLICT', message, { details })
  }
  return new VmunitError(
    'ERR_DRIVER',
    `${server} could not record the start of a job, so nothing was started. See whether the disk with the state directory is full or knows no hard links.`,
    { details },
  )
}
