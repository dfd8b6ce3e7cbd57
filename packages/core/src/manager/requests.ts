import { hasEnded } from '../domain/run-state.ts'
import { keys, type RequestDocument, requestParser, runDocumentParser } from '../engine/documents.ts'
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
  async function hasRunEnded(run: string, call: Call): Promise<boolean> {
    const [head] = await store.get([keys.run(run)], call)
    return head !== undefined && hasEnded(runDocumentParser.parse(head.value).state)
  }

  return {
    async list(call = {}) {
      const requests: PendingRequest[] = []
      for await (const { key, value } of store.list('request/', call)) {
        const request = requestParser.parse(value)
        if (request.answer !== undefined || request.withdrawn !== undefined) continue
        if ((await hasRunEnded(request.run, call)) || !(await maySee(request, call))) continue
        requests.push({ ...request, id: key.slice('request/'.length) })
      }
      return requests
    },
  }
}
