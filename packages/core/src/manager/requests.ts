import { keys, type RequestDocument, requestParser } from '../engine/documents.ts'
import { openRuns } from '../engine/run-register.ts'
import type { Call, StateStore } from '../ports/index.ts'

/** Something that a run asks people. */
export interface PendingRequest extends RequestDocument {
  readonly id: string
}

/** What runs wait for people to answer. */
export interface Requests {
  /**
   * Those without an answer whose runs have not ended: an administrator sees all, a builder those of runs about units
   * that the builder may see, a resource manager those that are made to that role.
   */
  list(call?: Call): Promise<readonly PendingRequest[]>
}

export interface RequestsOptions {
  readonly store: StateStore
  /** Whether who lists may see a request. */
  readonly maySee: (request: RequestDocument, call: Call) => Promise<boolean>
}

export function createRequests({ store, maySee }: RequestsOptions): Requests {
  return {
    async list(call = {}) {
      const requests: PendingRequest[] = []
      // The id of a request begins with that of its run.
      for (const { key: run } of await openRuns(store, call)) {
        for await (const { key, value } of store.list(keys.request(run.slice('run/'.length)), call)) {
          const request = requestParser.parse(value)
          if (request.answer !== undefined || request.withdrawn !== undefined) continue
          if (await maySee(request, call)) requests.push({ ...request, id: key.slice('request/'.length) })
        }
      }
      return requests
    },
  }
}
