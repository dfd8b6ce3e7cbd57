import { readdirSync, readlinkSync } from 'node:fs'
import { identifyProcess, type ProcessIdentity } from './process-identity.ts'

const KINDS = ['mnt', 'pid', 'uts'] as const

/** The namespaces of a process that guests have of their own, as the kernel names them; none when it has ended. */
export function namespacesOf(pid: number | 'self'): readonly string[] {
  try {
    return KINDS.map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`))
  } catch {
    return []
  }
}

/** Every process that shares a namespace with one of these processes which this one is not in. */
export function processesAround(pids: readonly number[]): readonly ProcessIdentity[] {
  const own = new Set(namespacesOf('self'))
  const theirs = new Set(pids.flatMap((pid) => namespacesOf(pid)).filter((name) => !own.has(name)))
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return all
    .map(Number)
    .filter((pid) => namespacesOf(pid).some((name) => theirs.has(name)))
    .flatMap((pid) => identifyProcess(pid) ?? [])
}
