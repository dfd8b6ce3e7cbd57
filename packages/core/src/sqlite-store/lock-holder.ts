import { readFileSync, statSync } from 'node:fs'
import { VmunitError } from '../errors/index.ts'
import { processIdentity } from './process-identity.ts'

/** The byte of the `-shm` file that a writer locks in WAL mode. */
const WAL_WRITE_LOCK = 120

/** An `ERR_STORE_BUSY` that names the process with the write lock, where the kernel tells. */
export function storeBusy(path: string, cause: unknown): VmunitError {
  const pid = lockHolder(path)
  if (pid === undefined) {
    const message = `The store ${path} is locked by another process: wait for it, or end it.`
    return new VmunitError('ERR_STORE_BUSY', message, { cause, details: { path }, retryable: true })
  }
  const stopped = processIdentity(pid)?.stopped ?? false
  const remedy = stopped ? 'which is stopped: continue or end it' : 'wait for it, or end it'
  return new VmunitError('ERR_STORE_BUSY', `The store ${path} is locked by process ${pid}, ${remedy}.`, {
    cause,
    details: { path, pid, stopped },
    retryable: true,
  })
}

function lockHolder(path: string): number | undefined {
  try {
    const { ino } = statSync(`${path}-shm`)
    for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
      const pid = writerOf(line, ino)
      if (pid !== undefined) return pid
    }
  } catch {
    // Not Linux, or the file is gone: then nobody knows.
  }
  return undefined
}

/** A line such as `1: POSIX ADVISORY WRITE 6072 fe:00:9977967 120 120`; those of waiting processes have an arrow. */
function writerOf(line: string, ino: number): number | undefined {
  const [, , , mode, pid, file, from, to] = line.split(/\s+/)
  if (mode !== 'WRITE' || !file?.endsWith(`:${ino}`)) return undefined
  if (Number(from) > WAL_WRITE_LOCK || (to !== 'EOF' && Number(to) < WAL_WRITE_LOCK)) return undefined
  return Number(pid)
}
