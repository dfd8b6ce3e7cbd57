import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { identifyProcess, isAlive, killProcess } from '../processes/process-identity.ts'
import type { MountedDisk } from './disks.ts'
import { firstLine } from './first-line.ts'
import type { Keeper } from './keeper.ts'
import { LESS_PRIVILEGES } from './less-privileges.ts'

/** How a guest went off: by its own `poweroff` or `reboot`, or because its first process was killed. */
export type GuestEnd = 'poweroff' | 'reboot' | 'killed'

/** The processes of a guest. */
export interface GuestProcesses {
  /** The first one of the guest, by the pid that the machine knows. */
  readonly pid: number
  /** Resolves when none is left. */
  readonly ended: Promise<GuestEnd>
  /** The last that was written to its console. */
  console(): string
  isAlive(): boolean
  /** Takes the power away. */
  kill(): void
}

/** Options of {@link bootGuest}. */
export interface BootGuestOptions {
  readonly keeper: Keeper
  readonly id: string
  readonly disk: MountedDisk
  readonly signal?: AbortSignal | undefined
}

/** The kernel tells how a guest ended by the signal that its first process seems to have died of. */
const ENDS: Readonly<Record<string, GuestEnd>> = { SIGINT: 'poweroff', SIGHUP: 'reboot' }

/** Starts the first process of a guest, in namespaces and on a root of its own. */
export async function bootGuest({ keeper, id, disk, signal }: BootGuestOptions): Promise<GuestProcesses> {
  signal?.throwIfAborted()
  const script = fileURLToPath(new URL('./boot.sh', import.meta.url))
  const enter = ['nsenter', '--target', String(keeper.process.pid), '--mount', '--pid', '--']
  const own = ['unshare', '--mount', '--pid', '--fork', '--uts', '--kill-child', '--propagation', 'private', '--']
  const boot = ['sh', script, keeper.disks, id, disk.lower, disk.upper]
  const [program, ...rest] = LESS_PRIVILEGES
  const child = spawn(program, [...rest, ...enter, ...own, ...boot], {
    // In a session of its own: a Ctrl-C in the terminal is for the testbed, which ends its guests in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { promise: ended, resolve } = Promise.withResolvers<GuestEnd>()
  child.once('exit', (_, name) => resolve(ENDS[name ?? ''] ?? 'killed'))
  let written = ''
  const onOutput = (part: Buffer): void => void (written = `${written}${part.toString('utf8')}`.slice(-4000))
  child.stdout.on('data', onOutput)
  child.stderr.on('data', onOutput)
  try {
    const pid = Number(await firstLine(child, { what: `guest ${id}`, signal }))
    const identity = identifyProcess(pid)
    return {
      pid,
      ended,
      console: () => written.trim(),
      isAlive: () => identity !== undefined && isAlive(identity),
      kill: () => void (identity && killProcess(identity)),
    }
  } catch (error) {
    // Nobody knows the first process yet, but until it has begun they are all one group.
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, 'SIGKILL')
      await ended
    }
    throw error
  }
}
