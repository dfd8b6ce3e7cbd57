import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type ChildProgram, startProgram } from './child-program.ts'

/** What the process that holds the lease is told; travels as JSON. */
export interface HolderTask {
  readonly socket: string
  readonly database: string
  /** Whether calls that change something ask for the lease first, as the engine's guard has it. */
  readonly guarded: boolean
}

/** A process that replaces all groups of a unit at once. */
export interface Holder extends AsyncDisposable, Pick<ChildProgram, 'pid' | 'ended' | 'signal'> {
  /** The id of its run, when it has begun. */
  readonly run: Promise<string>
}

export function startHolder({ socket, database, guarded }: HolderTask): Holder {
  const { pid, ended, signal, stdout } = startProgram('lease-holder', { socket, database, guarded })
  const run = Promise.race([
    once(createInterface({ input: stdout }), 'line').then(([line]) => String(line)),
    ended.then(({ exitCode, errors }) => {
      throw new Error(`The holder ended before its run began, with exit code ${exitCode}.\n${errors}`)
    }),
  ])
  run.catch(() => {})
  return {
    pid,
    run,
    ended,
    signal,
    async [Symbol.asyncDispose]() {
      signal('SIGKILL')
      await ended
    },
  }
}
