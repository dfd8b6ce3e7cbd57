import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve as resolvePath } from 'node:path'
import { fileURLToPath } from 'node:url'
import { VmunitError } from '../../errors/vmunit-error.ts'
import { orAbort } from '../../internal/abort.ts'
import type { Call } from '../../ports/call.ts'
import { pidOfWorld } from './connect-world.ts'
import type { WorldSettings } from './options.ts'

/** Options of {@link startWorld}. */
export interface StartWorldOptions {
  /** Holds everything of the world: its socket, log and state. */
  readonly directory: string
  readonly world?: WorldSettings | undefined
  readonly call?: Call | undefined
}

/** A world process: whom to end, and where to connect. */
export interface WorldProcess {
  readonly pid: number
  readonly socket: string
}

/** The longest path of a local socket that every system accepts. */
const MAX_SOCKET_PATH = 100

/**
 * Starts a world in a process of its own, which outlives this one, and resolves when it listens.
 *
 * A world that listens in that directory already is left as it is; one that has ended goes on where its file ends.
 * It ends by `World.stop`, or by SIGTERM to its process.
 */
export async function startWorld(options: StartWorldOptions): Promise<WorldProcess> {
  const { world = {}, call } = options
  const directory = resolvePath(options.directory)
  const socket = join(directory, 'world.sock')
  if (Buffer.byteLength(socket) > MAX_SOCKET_PATH) {
    throw new VmunitError('ERR_INVALID_INPUT', `${socket} is too long for a local socket: use a shorter directory.`)
  }
  call?.signal?.throwIfAborted()
  const running = await orAbort(
    pidOfWorld(socket).catch(() => undefined),
    call?.signal,
  )
  if (running !== undefined) return { pid: running, socket }
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'world.json'), JSON.stringify(world))
  const child = spawnWorld(directory)
  try {
    await orAbort(listening(child, directory), call?.signal)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    if (child.connected) child.disconnect()
    child.unref()
  }
  return { pid: await orAbort(pidOfWorld(socket), call?.signal), socket }
}

function spawnWorld(directory: string): ChildProcess {
  const here = import.meta.url
  const program = fileURLToPath(new URL(here.endsWith('.ts') ? './world-process.ts' : './world-process.js', here))
  const conditions = process.execArgv.filter((argument) => argument.startsWith('--conditions='))
  const errors = openSync(join(directory, 'world.err'), 'a')
  try {
    return spawn(process.execPath, [...conditions, program, directory], {
      detached: true,
      stdio: ['ignore', errors, errors, 'ipc'],
    })
  } finally {
    closeSync(errors)
  }
}

async function listening(child: ChildProcess, directory: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  child.once('message', () => resolve())
  child.once('error', (cause) => reject(failed(directory, cause)))
  // Exit code 0: another starter was faster, and its world listens.
  child.once('exit', (exitCode) => (exitCode === 0 ? resolve() : reject(failed(directory))))
  await promise
}

function failed(directory: string, cause?: unknown): VmunitError {
  const output = readFileSync(join(directory, 'world.err'), 'utf8').slice(-2000)
  const message = 'The world process ended before it listened: read its output in the details.'
  return new VmunitError('ERR_UNAVAILABLE', message, { cause, details: { output } })
}
