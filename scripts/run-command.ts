import { spawn } from 'node:child_process'

/** What a command printed, both streams in the order of arrival, and the code it ended with. */
export interface CommandResult {
  readonly code: number
  readonly output: string
}

/** Runs a program without a shell; a program that cannot be started or is killed ends with a code other than 0. */
export async function runCommand(argv: readonly string[], cwd: string): Promise<CommandResult> {
  const [program = '', ...args] = argv
  const { promise, resolve } = Promise.withResolvers<CommandResult>()
  const chunks: Buffer[] = []
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined }
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.on('error', (error) => resolve({ code: 127, output: error.message }))
  child.on('close', (code, signal) => {
    const killed = signal === null ? '' : `\nended by ${signal}`
    resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() + killed })
  })
  return await promise
}

/** Like {@link runCommand}, for a command whose failure ends the script: rejects with its output. */
export async function mustRun(argv: readonly string[], cwd: string): Promise<string> {
  const { code, output } = await runCommand(argv, cwd)
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with code ${code}\n${output}`)
  return output
}
