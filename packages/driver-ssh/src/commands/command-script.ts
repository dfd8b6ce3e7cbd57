import type { Command } from '@vmunit/core'
import { VmunitError } from '../errors.ts'
import { quote, type ShellText } from './quote.ts'

/** How much longer than its own limit a command may live in a guest that has lost us. */
const ORPHAN_SECONDS = 5

/**
 * A script that becomes the command: it replaces the shell, so nothing is started in vain. The environment is set in
 * the script, because sshd accepts hardly any variable from a client.
 *
 * @throws VmunitError `ERR_INVALID_INPUT` for what no program can be given, before anything runs.
 */
export function commandScript({ argv, environment = {} }: Command): ShellText {
  return `${exportAll(environment)}exec ${words(argv)}\n`
}

/** The same with the limit of the command kept in the guest: it ends there even when the connection is lost. */
export function limitedScript(command: Command): ShellText {
  const { argv, environment = {}, timeoutMs } = command
  if (timeoutMs === undefined) return commandScript(command)
  const seconds = Math.ceil(timeoutMs / 1_000) + ORPHAN_SECONDS
  return (
    `${exportAll(environment)}set -- ${words(argv)}\n` +
    `command -v timeout >/dev/null 2>&1 && set -- timeout -s KILL ${seconds} "$@"\n` +
    'exec "$@"\n'
  )
}

function words(argv: Command['argv']): ShellText {
  // Shells take what begins so for an option of exec.
  if (argv[0].startsWith('-')) throw invalid(`A program cannot be called "${argv[0]}". Give its path.`)
  return argv.map(quote).join(' ')
}

function exportAll(environment: Readonly<Record<string, string>>): ShellText {
  return Object.entries(environment)
    .map(([name, value]) => {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        throw invalid(`"${name}" is no name of a variable. Use letters, digits and the underscore.`)
      }
      return `export ${name}=${quote(value)}\n`
    })
    .join('')
}

function invalid(message: string): VmunitError {
  return new VmunitError('ERR_INVALID_INPUT', message)
}
