import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/** Options of {@link runProgram}. */
export interface RunProgramOptions {
  readonly signal?: AbortSignal | undefined
  readonly input?: string | Uint8Array | undefined
  /** Default: the environment of this process. */
  readonly environment?: Readonly<Record<string, string>> | undefined
}

/** How a program ended; one that was ended by a signal has 128 and the signal's number, as in a shell. */
export interface ProgramResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end; an abort kills it. Rejects when it cannot be started; a non-zero exit code resolves. */
export async function runProgram(
  argv: readonly [string, ...string[]],
  options: RunProgramOptions = {},
): Promise<ProgramResult> {
  const { signal, input, environment } = options
  signal?.throwIfAborted()
  const [program, ...rest] = argv
  // In a group of its own, so that an abort reaches what the program started, too.
  const child = spawn(program, rest, { stdio: 'pipe', detached: true, ...(environment && { env: { ...environment } }) })
  const onAbort = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, 'SIGKILL')
    }
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)]
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    child.once('error', reject)
    child.once('close', (code, name) => resolve(code ?? 128 + (name === null ? 0 : signalNumber(name))))
    // A program that ends before it has read everything is no error of ours.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    const exitCode = await promise
    signal?.throwIfAborted()
    return { exitCode, stdout: stdout(), stderr: stderr() }
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

/** Runs a program that has to succeed; gives what it wrote to its standard output. */
export async function runChecked(
  argv: readonly [string, ...string[]],
  options: RunProgramOptions = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await runProgram(argv, options)
  if (exitCode === 0) return stdout
  throw new Error(`${argv[0]} ended with exit code ${exitCode}: ${(stderr || stdout).trim().slice(-2000)}`)
}

function signalNumber(name: NodeJS.Signals): number {
  return constants.signals[name]
}

function textOf(stream: NodeJS.ReadableStream): () => string {
  const parts: Buffer[] = []
  stream.on('data', (part: Buffer) => void parts.push(part))
  return () => Buffer.concat(parts).toString('utf8')
}
