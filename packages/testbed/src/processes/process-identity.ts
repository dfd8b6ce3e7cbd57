import { readFileSync } from 'node:fs'
import { z } from 'zod'

const START_TIME = 19

/** One process among all that this machine ever runs: pids are used again, start times within one boot are not. */
export interface ProcessIdentity {
  readonly pid: number
  readonly startTime: string
  readonly boot: string
}

/** Reads what {@link identifyProcess} gave, from a file that another process wrote. */
export const processIdentity = z.object({ pid: z.number().int().positive(), startTime: z.string(), boot: z.string() })

/** What the kernel says about a process; undefined when there is none with this pid. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold anything, blanks and parentheses too.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return { pid, startTime: fields[START_TIME] ?? '', boot }
  } catch {
    return undefined
  }
}

/** Kills exactly this process; whoever has its pid now is left alone. False when it had ended before. */
export function killProcess(identity: ProcessIdentity): boolean {
  if (!isAlive(identity)) return false
  try {
    process.kill(identity.pid, 'SIGKILL')
    return true
  } catch {
    return false
  }
}

/** Whether exactly this process still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  const found = identifyProcess(identity.pid)
  return found !== undefined && found.startTime === identity.startTime && found.boot === identity.boot
}
