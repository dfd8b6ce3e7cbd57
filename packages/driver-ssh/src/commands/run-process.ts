import type { Call } from '@vmunit/core'
import { orAbort } from '../connection/or-abort.ts'
import { VmunitError } from '../errors.ts'
import { type ProcessSpec, type RemoteProcess, type Session, startProcess } from './remote-process.ts'

/** A process that is run to its end. */
export interface RunSpec extends Omit<ProcessSpec, 'signal' | 'permit' | 'onStart' | 'readsInput'> {
  /** It is ended when it has run so long. */
  readonly timeoutMs?: number | undefined
}

/** What `timeout` says of a command that it has ended. */
export const TIMED_OUT = 124

/** Node takes longer ones for no time at all. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** How long a guest may take to end a process. */
const END_MS = 5_000

/** Runs a script that reads nothing; resolves to its exit code. An abort ends it in the guest, and waits for nothing. */
export async function runProcess(session: Session, spec: RunSpec, call: Call): Promise<number> {
  const { timeoutMs } = spec
  const { promise: overdue, reject } = Promise.withResolvers<never>()
  overdue.catch(() => {})
  const timers: NodeJS.Timeout[] = []
  let isLate = false

  function onLate(): void {
    isLate = true
    running.kill()
    timers.push(setTimeout(() => reject(stuck(session.link.server)), END_MS))
  }
  function onStart(): void {
    // What is longer than a timer can be is for the guest alone to keep.
    if (timeoutMs === undefined || timeoutMs > LONGEST_TIMER_MS) return
    timers.push(setTimeout(onLate, timeoutMs))
  }

  const running = startProcess(session, { ...spec, onStart, signal: call.signal, permit: call.permit })
  running.end()
  try {
    const exitCode = await orKill(running, Promise.race([running.exit, overdue]), call.signal)
    return isLate ? TIMED_OUT : exitCode
  } finally {
    for (const timer of timers) clearTimeout(timer)
  }
}

/** Waits for work with a process; when the work fails or is aborted, the process is ended. */
export async function orKill<T>(running: RemoteProcess, work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await orAbort(work, signal)
  } catch (error) {
    running.kill()
    throw error
  }
}

function stuck(server: string): VmunitError {
  return new VmunitError('ERR_TIMEOUT', `${server} does not end a command whose time is over. See whether it hangs.`, {
    retryable: true,
    details: { server },
  })
}
