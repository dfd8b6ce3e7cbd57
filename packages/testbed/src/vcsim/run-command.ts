import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface CommandOptions {
  readonly cwd?: string | undefined
  readonly env?: NodeJS.ProcessEnv | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs a program and answers with its standard output.
 *
 * Rejects with what the program wrote to its standard error, because its exit code alone tells nobody anything.
 */
export async function runCommand(file: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  try {
    const { stdout } = await run(file, args, { ...options, maxBuffer: 16 * 1024 * 1024 })
    return stdout
  } catch (error) {
    options.signal?.throwIfAborted()
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : ''
    throw new Error(`${file} ${args.join(' ')} failed: ${stderr || String(error)}`, { cause: error })
  }
}
