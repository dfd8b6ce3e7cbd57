import { VmunitError } from '../errors/index.ts'
import type { Call, StateStore } from '../ports/index.ts'

/** What operations put aside in the store, such as the logs of servers. */
export interface Archives {
  /** Its bytes. Rejects with `ERR_NOT_FOUND`; with `ERR_STORE_DAMAGED` when they are not what the hash says. */
  read(hash: string, call?: Call): AsyncIterable<Uint8Array>
}

export interface ArchivesOptions {
  readonly store: StateStore
  readonly enter: (call?: Call) => Promise<void>
}

export function createArchives({ store, enter }: ArchivesOptions): Archives {
  return {
    async *read(hash, call = {}) {
      await enter(call)
      if (!/^[0-9a-f]{64}$/.test(hash)) {
        throw new VmunitError(
          'ERR_NOT_FOUND',
          `"${hash}" is not the hash of an archive. Take it from the result of the run.`,
        )
      }
      yield* store.getBlob(hash, call)
    },
  }
}
