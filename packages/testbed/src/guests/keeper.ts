import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { identifyProcess, killProcess, type ProcessIdentity } from '../processes/process-identity.ts'
import { firstLine } from './first-line.ts'

/** The namespaces in which the guests of one testbed live, and the file system that holds their disks. */
export interface Keeper extends AsyncDisposable {
  /** Its first process: while that lives, all of it does. */
  readonly process: ProcessIdentity
  /** Where the disks are, as the guests' side names it. */
  readonly disks: string
  /** The same place, as this process can reach it. */
  path(...parts: readonly string[]): string
  /** Ends every guest and frees every disk; nothing is left when it resolves. */
  close(): Promise<void>
}

/** Options of {@link startKeeper}. */
export interface KeeperOptions {
  readonly directory: string
  readonly baseRoot: string
  readonly diskBytes: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Starts the namespaces of a testbed's guests.
 *
 * Mounts and processes of guests exist only in there, so the kernel itself takes them away, also when the testbed is
 * killed: the pipe to the keeper closes then.
 */
export async function startKeeper({ directory, baseRoot, diskBytes, signal }: KeeperOptions): Promise<Keeper> {
  signal?.throwIfAborted()
  const disks = join(directory, 'disks')
  await mkdir(disks, { recursive: true })
  const script = fileURLToPath(new URL('./keeper.sh', import.meta.url))
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private']
  const child = spawn('unshare', [...namespaces, 'sh', script, disks, baseRoot, String(diskBytes)], {
    // In a session of its own: a Ctrl-C in the terminal is for the testbed, which ends its guests in order.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  // It may be gone before it is told to go.
  child.stdin.on('error', () => {})
  const ended = once(child, 'close')
  ended.catch(() => {})
  try {
    const pid = Number(await firstLine(child, { what: 'the namespaces of the guests', signal }))
    const identity = identifyProcess(pid)
    if (identity === undefined) throw new Error('The namespaces of the guests ended at once.')
    const close = async (): Promise<void> => {
      child.stdin.end()
      killProcess(identity)
      await ended
    }
    return {
      process: identity,
      disks,
      path: (...parts) => join(`/proc/${pid}/root`, disks, ...parts),
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    child.stdin.destroy()
    child.kill('SIGKILL')
    throw error
  }
}
