import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** What the process that holds the lease is told; travels as JSON. */
export interface HolderTask {
  readonly socket: string
  readonly database: string
  /** Whether calls that change something ask for the lease first, as the engine's guard has it. */
  readonly guarded: boolean
}

/** A process that replaces all groups of a unit at once. */
export interface Holder extends AsyncDisposable {
  readonly pid: number
  /** The id of its run, when it has begun. */
  readonly run: Promise<string>
  /** How the run ended, as far as this process knows. */
  readonly ended: Promise<unknown>
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void
}

const PROGRAM = fileURLToPath(new URL('../children/lease-holder.ts', import.meta.url))
const OPTIONS = ['--conditions=@vmunit/source', '--disable-warning=ExperimentalWarning']

export function startHolder(task: HolderTask): Holder {
  const child = spawn(process.execPath, [...OPTIONS, PROGRAM, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  const lines = createInterface({ input: child.stdout })
  const run = Promise.race([
    once(lines, 'line').then(([line]) => String(line)),
    ended.then(() => {
      throw new Error('The holder ended before its run began.')
    }),
  ])
  run.catch(() => {})
  return {
    pid: child.pid ?? 0,
    run,
    ended,
    signal: (name) => void child.kill(name),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
