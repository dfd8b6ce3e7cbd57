import { mkdir } from 'node:fs/promises'
import type { ProgramResult, RunProgramOptions } from '../processes/run-program.ts'
import { type GuestParts, recordOf } from './guest-parts.ts'
import { runInGuest, runOnDisk } from './run-in-guest.ts'

/** Runs programs in guests, and reads and writes their files, from outside. */
export interface GuestPrograms {
  /** Runs a program as root: in the guest, or, when it is off, on its disk. Rejects when the guest goes off meanwhile. */
  exec(id: string, argv: readonly [string, ...string[]], options?: RunProgramOptions): Promise<ProgramResult>
  /** Undefined when there is no such file. */
  readFile(id: string, path: string): Promise<string | undefined>
  /** A text that begins with `#!` becomes executable. */
  writeFile(id: string, path: string, text: string): Promise<void>
  /** Public host keys, one `algorithm base64` each. */
  hostKeys(id: string): Promise<readonly string[]>
}

const NO_FILE = 44
const READ = `[ -e "$1" ] || exit ${NO_FILE}; cat "$1"`
const WRITE = 'mkdir -p "${1%/*}/" && cat >"$1" && chmod "$2" "$1"'
const HOST_KEYS = 'cat /etc/ssh/ssh_host_*_key.pub | cut -d " " -f 1,2'

/** Makes what reaches into the guests of a host. */
export function createGuestPrograms(parts: GuestParts): GuestPrograms {
  const { keeper, disks, queue } = parts

  const exec: GuestPrograms['exec'] = async (id, argv, options) => {
    const { processes } = recordOf(parts, id)
    if (processes !== undefined) {
      const result = await runInGuest(processes.pid, argv, options)
      // What was cut off says nothing about the program.
      if (result.exitCode !== 0 && !processes.isAlive()) throw new Error(`Guest ${id} went off while ${argv[0]} ran.`)
      return result
    }
    return await queue(id, async () => {
      const disk = await disks.mount(id)
      await mkdir(keeper.path('guests', id, 'root'), { recursive: true })
      return await runOnDisk({ keeper, id, disk }, argv, options)
    })
  }

  return {
    exec,
    async readFile(id, path) {
      const { exitCode, stdout, stderr } = await exec(id, ['sh', '-c', READ, 'read', path])
      if (exitCode === NO_FILE) return undefined
      if (exitCode !== 0) throw new Error(`${path} cannot be read in guest ${id}: ${stderr}`)
      return stdout
    },
    async writeFile(id, path, text) {
      const mode = text.startsWith('#!') ? '755' : '644'
      const { exitCode, stderr } = await exec(id, ['sh', '-c', WRITE, 'write', path, mode], { input: text })
      if (exitCode !== 0) throw new Error(`${path} cannot be written in guest ${id}: ${stderr}`)
    },
    async hostKeys(id) {
      const { stdout } = await exec(id, ['sh', '-c', HOST_KEYS])
      return stdout.split('\n').filter((line) => line !== '')
    },
  }
}
