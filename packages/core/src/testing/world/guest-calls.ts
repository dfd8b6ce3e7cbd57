import { VmunitError } from '../../errors/vmunit-error.ts'
import type { GuestTarget } from '../../ports/guest-access.ts'
import type { Handlers } from './calls.ts'
import { filesBelow, isDirectory } from './files.ts'
import { checkCommand, reach, startIn, unreachable } from './guest-system.ts'
import { lookAtJob, startJob, stopJob } from './jobs.ts'
import { bootIdOf } from './power.ts'
import { Ended } from './process.ts'
import { missingAt, putTree, treeAt } from './pushed-tree.ts'
import type { WorldState } from './state.ts'
import { tarOf } from './tar.ts'

type Methods =
  | `guests.${'open' | 'exec' | 'startJob' | 'job' | 'stopJob' | 'bootId'}`
  | `guests.${'missing' | 'push' | 'pushed' | 'pull'}`

/** The guests. Each call finds its machine anew, as an access does that reconnects by itself. */
export function guestCalls(state: WorldState): Handlers<Methods> {
  return {
    'guests.open': (target) => void reach(state, target),
    'guests.exec': async (target, command) => {
      checkCommand(command)
      try {
        return await startIn(state, reach(state, target), command).result
      } catch (error) {
        throw error instanceof Ended ? unreachable(target.address) : error
      }
    },
    'guests.startJob': (target, id, command) => {
      checkCommand(command)
      startJob(state, reach(state, target), { id, command })
    },
    'guests.job': (target, id) => lookAtJob(reach(state, target), id),
    'guests.stopJob': async (target, id) => await stopJob(reach(state, target), id),
    'guests.missing': (target, to, files) => missingAt(reach(state, target), to, files),
    'guests.push': (target, to, tree) => putTree(state, reach(state, target), { to, tree }),
    'guests.pushed': (target, to) => treeAt(reach(state, target), to),
    'guests.pull': (target, paths, maxBytes) => pull(state, target, { paths, maxBytes }),
    'guests.bootId': (target) => bootIdOf(reach(state, target)),
  }
}

interface Pull {
  readonly paths: readonly string[]
  readonly maxBytes: number
}

function pull(state: WorldState, target: GuestTarget, { paths, maxBytes }: Pull): Uint8Array {
  const { files } = reach(state, target)
  const found = paths.flatMap((path) => {
    const inside = filesBelow(files, path)
    if (inside.length > 0 || isDirectory(files, path)) return inside
    throw new VmunitError('ERR_NOT_FOUND', `The guest at ${target.address} has no ${path}.`, { details: { path } })
  })
  const archive = tarOf(found)
  if (archive.length <= maxBytes) return archive
  const message = `The archive would have ${archive.length} bytes: ask for fewer files, or allow more than ${maxBytes}.`
  throw new VmunitError('ERR_CONFLICT', message, { details: { bytes: archive.length, maxBytes } })
}
