import { readFileSync, readlinkSync } from 'node:fs'

/** What the kernel says about a process that it knows. */
export interface ProcessIdentity {
  /** Start of the process; with boot and namespace of {@link localWorld}, and its pid, one of all time. */
  readonly startTime: string
  /** Whether it is stopped, as by SIGSTOP. */
  readonly stopped: boolean
  /** Whether it has ended, and only its parent has not looked yet. */
  readonly ended: boolean
}

const STATE = 0
const THREADS = 17
const START_TIME = 19

/** Looks a process up in /proc; undefined when there is none, and where there is no /proc. */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold anything, blanks and parentheses too.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const state = fields[STATE] ?? ''
    return {
      startTime: fields[START_TIME] ?? '',
      stopped: 'tT'.includes(state),
      // A first thread that has ended says nothing about the others.
      ended: 'ZX'.includes(state) && Number(fields[THREADS]) <= 1,
    }
  } catch {
    return undefined
  }
}

/** Names this process among all that this machine ever runs, for {@link isGone}; undefined where nobody can tell. */
export function ownProcessStart(): string | undefined {
  const world = localWorld()
  const own = processIdentity(process.pid)
  return world === undefined || own === undefined ? undefined : `${world}/${own.startTime}`
}

/** Whether a process has provably ended. One of another boot, container or machine is out of sight: nothing is proved. */
export function isGone(pid: number, start: string): boolean {
  const world = localWorld()
  if (world === undefined || !start.startsWith(`${world}/`)) return false
  const found = processIdentity(pid)
  return found === undefined || found.ended || start !== `${world}/${found.startTime}`
}

/** Whether a process is provably still the one that started then. */
export function isAlive(pid: number, start: string): boolean {
  const world = localWorld()
  const found = processIdentity(pid)
  return world !== undefined && found !== undefined && !found.ended && start === `${world}/${found.startTime}`
}

/** The boot and the pid namespace: inside one of each, a pid and its start time mean one process. */
function localWorld(): string | undefined {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return undefined
  }
}
