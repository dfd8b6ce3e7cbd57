import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** A program of `children/`, at work. */
export interface ChildProgram {
  readonly pid: number
  readonly stdout: Readable
  /** Resolves to how it ended. */
  readonly ended: Promise<ChildEnd>
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void
}

export interface ChildEnd {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /** What it wrote to its standard error. */
  readonly errors: string
}

// A thousand processes begin sooner from the built packages; `npm run crash` builds them first.
const FROM_SOURCE = process.env['VMUNIT_CRASH'] === 'all' ? [] : ['--conditions=@vmunit/source']
const OPTIONS = [...FROM_SOURCE, '--disable-warning=ExperimentalWarning']

/** Starts a program with its task as JSON; it ends with this process, if not before. */
export function startProgram(name: string, task: unknown): ChildProgram {
  const program = fileURLToPath(new URL(`../children/${name}.ts`, import.meta.url))
  // Nothing is inherited: a child that nobody ended must not keep open what others read to its end.
  const child = spawn(process.execPath, [...OPTIONS, program, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const { pid = 0, stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error(`The output of ${name} cannot be read.`)
  return {
    pid,
    stdout,
    ended: endOf(child, stderr),
    signal: (signal) => void child.kill(signal),
  }
}

async function endOf(child: ChildProcess, stderr: Readable): Promise<ChildEnd> {
  let errors = ''
  stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { exitCode, signal, errors }
}
