import { hasEnded } from '../domain/run-state.ts'
import { keys, type RequestDocument, requestParser, runDocumentParser } from '../engine/documents.ts'
import type { Call, StateStore } from '../ports/index.ts'

/** Something that a run asks people. */
export interface PendingRequest extends RequestDocument {
  readonly id: string
}

/** What runs wait for people to answer. */
export interface Requests {
  /** Those without an answer whose runs have not ended. */
  list(call?: Call): Promise<readonly PendingRequest[]>
}

export function createRequests({ store }: { readonly store: StateStore }): Requests {
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
        if (await hasRunEnded(request.run, call)) continue
        requests.push({ ...request, id: key.slice('request/'.length) })
      }
      return requests
    },
  }
}
