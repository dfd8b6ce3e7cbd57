import { orAbort } from '../../internal/abort.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Command, ExecResult } from '../../ports/guest-access.ts'
import { createOutput } from './output.ts'
import { runProgram } from './programs/index.ts'
import type { GuestSystem } from './programs/program.ts'

/** Why a process did not come to its own end. */
export type EndReason = 'power' | 'stopped' | 'timeout'

/** A process in a guest. */
export interface RunningProcess {
  /** Rejects with an {@link Ended} when the process did not come to its own end, except after its time limit. */
  readonly result: Promise<ExecResult>
  end(reason: EndReason): void
}

/** What the result of a process rejects with that was ended from outside. */
export class Ended extends Error {
  readonly reason: EndReason

  constructor(reason: EndReason) {
    super(`The process was ended: ${reason}.`)
    this.reason = reason
  }
}

const TIMEOUT_EXIT = 124

/** Starts a command in a guest; it ends by itself, by its time limit, or from outside. */
export function startProcess(system: GuestSystem, command: Command, clock: Clock): RunningProcess {
  const end = new AbortController()
  const output = createOutput()
  const [program, ...rest] = command.argv
  const decoder = new TextDecoder()
  const argv = [program, ...rest.map((word) => (typeof word === 'string' ? word : decoder.decode(word)))]

  async function run(): Promise<ExecResult> {
    const { signal } = end
    const { environment = {}, timeoutMs } = command
    // A program may end its own guest, so whoever started it must be able to end it before it begins.
    await Promise.resolve()
    signal.throwIfAborted()
    const answer = runProgram({ system, argv, environment, clock, signal, out: output.out, err: output.err })
    if (typeof answer === 'number') return output.result(answer)
    const over = new AbortController()
    const limit = timeoutMs === undefined ? undefined : limitTime(timeoutMs, over.signal)
    try {
      return output.result(await orAbort(answer, signal))
    } catch (error) {
      if (error instanceof Ended && error.reason === 'timeout') return output.result(TIMEOUT_EXIT)
      throw error
    } finally {
      over.abort()
      await limit
    }
  }

  async function limitTime(ms: number, over: AbortSignal): Promise<void> {
    try {
      await clock.sleep(ms, { signal: over })
      end.abort(new Ended('timeout'))
    } catch {
      // The process was faster than its limit.
    }
  }

  return { result: run(), end: (reason) => end.abort(new Ended(reason)) }
}
