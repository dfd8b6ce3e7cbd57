import type { Principal } from '../domain/principal.ts'
import { commitUpdates } from '../engine/commit-updates.ts'
import { keys, plain, type RequestDocument, requestParser } from '../engine/documents.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call, StateStore } from '../ports/index.ts'
import { checkMayWork } from './rights.ts'

/** Something that a run asks people. */
export interface PendingRequest extends RequestDocument {
  readonly id: string
}

/** What runs wait for people to answer. */
export interface Requests {
  /** Those without an answer. */
  list(call?: Call): Promise<readonly PendingRequest[]>
}

export function createRequests({ store }: { readonly store: StateStore }): Requests {
  return {
    async list(call = {}) {
      const requests: PendingRequest[] = []
      for await (const { key, value } of store.list('request/', call)) {
        const request = requestParser.parse(value)
        if (request.answer === undefined) requests.push({ ...request, id: key.slice('request/'.length) })
      }
      return requests
    },
  }
}

export interface GivenAnswer {
  readonly request: string
  readonly approve: boolean
  /** The plan that the person saw; refused when the run has another. */
  readonly planHash?: string | undefined
  readonly principal: Principal
}

/**
 * Writes an answer down; the run goes on when its process, or the next one, sees it.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND`; `ERR_APPROVAL_REFUSED` when the requester approves the own request or
 * the plan is another one; `ERR_CONFLICT` when it was answered already.
 */
export async function answerRequest(store: StateStore, given: GivenAnswer, call: Call = {}): Promise<void> {
  const { request: id, approve, planHash, principal } = given
  checkMayWork(principal, 'approve plans')
  const time = await store.now(call)
  const update = (value: unknown): ReturnType<typeof plain> => {
    if (value === undefined) {
      throw new VmunitError('ERR_NOT_FOUND', `There is no request ${id}. List them with manager.requests.list().`, {
        details: { request: id },
      })
    }
    const request = requestParser.parse(value)
    if (request.answer !== undefined) {
      throw new VmunitError('ERR_CONFLICT', `Request ${id} was answered by ${request.answer.by}.`, {
        details: { request: id },
      })
    }
    if (request.kind !== 'work' && request.requestedBy === principal.name) {
      throw new VmunitError(
        'ERR_APPROVAL_REFUSED',
        `${principal.name} asked for it; a second person must answer ${id}.`,
        {
          details: { request: id },
        },
      )
    }
    if (planHash !== undefined && planHash !== request.planHash) {
      throw new VmunitError(
        'ERR_APPROVAL_REFUSED',
        `Request ${id} is for another plan than the one that was approved.`,
        {
          details: { request: id, planHash: request.planHash },
        },
      )
    }
    return plain({ ...request, answer: { approve, by: principal.name, time } })
  }
  await commitUpdates(store, { updates: [{ key: keys.request(id), update }] }, call)
}
