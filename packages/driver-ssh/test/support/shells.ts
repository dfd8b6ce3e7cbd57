import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** The shells that guests have, each as a program with its first arguments. */
export const SHELLS: readonly (readonly [string, ...string[]])[] = [['dash'], ['bash'], ['busybox', 'sh']]

export interface ShellResult {
  readonly exitCode: number
  readonly stdout: Buffer
  readonly stderr: string
}

/** Runs a script as sshd does: as the one word behind `-c`, or from standard input when it is too long for that. */
export async function runShell(
  shell: readonly [string, ...string[]],
  script: Buffer,
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<ShellResult> {
  const [program, ...rest] = shell
  const child = spawn(program, [...rest, '-c', 'eval "$(cat)"'], { ...options, stdio: ['pipe', 'pipe', 'pipe'] })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin.end(script)
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? -1))
  })
  return { exitCode, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }
}

/** The command lines of the processes of this machine that hold this text. */
export function processesWith(text: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      } catch {
        // It has ended meanwhile.
        return ''
      }
    })
    .filter((line) => line.includes(text))
}
