import { readFileSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlive, killProcess, type ProcessIdentity, processIdentity } from '../processes/process-identity.ts'
import { waitUntil } from '../processes/wait-until.ts'

const RECORD = 'keeper.json'

/** Writes down which process holds everything that a directory's guests are. */
export async function recordKeeper(directory: string, keeper: ProcessIdentity): Promise<void> {
  await writeFile(join(directory, `${RECORD}.new`), JSON.stringify(keeper))
  await rename(join(directory, `${RECORD}.new`), join(directory, RECORD))
}

/**
 * Removes a directory of guests, and whatever of them still runs.
 *
 * Usually nothing does: the kernel ends them with their testbed. A keeper that was stopped, for example, cannot notice.
 * Only a process with the recorded start that has this very directory mounted is ended.
 */
export async function removeLeftovers(directory: string): Promise<void> {
  const keeper = recordedKeeper(directory)
  if (keeper !== undefined && isAlive(keeper) && hasMounted(keeper.pid, directory)) {
    killProcess(keeper)
    await waitUntil(() => !isAlive(keeper) || undefined, { what: `process ${keeper.pid} of a killed testbed to end` })
  }
  await rm(directory, { recursive: true, force: true })
}

function recordedKeeper(directory: string): ProcessIdentity | undefined {
  try {
    return processIdentity.parse(JSON.parse(readFileSync(join(directory, RECORD), 'utf8')))
  } catch {
    // Its testbed was killed before it had one.
    return undefined
  }
}

function hasMounted(pid: number, directory: string): boolean {
  // The kernel writes blanks and the like in octal.
  const escaped = directory.replaceAll(/[ \t\n\\]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`)
  return readFileSync(`/proc/${pid}/mounts`, 'utf8').includes(`vmunit-testbed ${escaped}/`)
}
