import * as z from 'zod'
import type { Parser, Plain } from '../domain/plain.ts'
import type { Principal } from '../domain/principal.ts'
import { providedParsers, resourceRequest } from '../domain/resource-request-parsers.ts'
import { hasEnded } from '../domain/run-state.ts'
import { commitUpdates } from '../engine/commit-updates.ts'
import { keys, plain, type RequestDocument, requestParser, runDocumentParser } from '../engine/documents.ts'
import { VmunitError } from '../errors/index.ts'
import type { Call, StateStore } from '../ports/index.ts'
import { parseInput } from './parse-input.ts'
import { checkMayWork, denied } from './rights.ts'

export interface GivenAnswer {
  readonly request: string
  readonly approve: boolean
  /** The plan that the person saw; refused when the run has another. */
  readonly planHash?: string | undefined
  readonly note?: string | undefined
  readonly content?: unknown
  readonly principal: Principal
}

const answerParser: Parser<Pick<GivenAnswer, 'approve' | 'note'>> = z.object({
  approve: z.boolean(),
  note: z.string().optional(),
})

/**
 * Writes an answer down; the run goes on when its process, or the next one, sees it.
 *
 * @throws {@link VmunitError} `ERR_NOT_FOUND`; `ERR_APPROVAL_REFUSED` when the requester approves the own request or
 * the plan is another one; `ERR_CONFLICT` when it was answered or withdrawn already; `ERR_INVALID_INPUT` when the
 * content is not what was asked for.
 */
export async function answerRequest(store: StateStore, given: GivenAnswer, call: Call = {}): Promise<void> {
  const { request: id, principal } = given
  const { approve, note } = parseInput(answerParser, given, 'answer')
  const time = await store.now(call)
  const [document] = await store.get([keys.request(id)], call)
  if (document !== undefined) await checkRun(store, { id, run: requestParser.parse(document.value).run }, call)
  const update = (value: unknown): ReturnType<typeof plain> => {
    if (value === undefined) {
      throw new VmunitError('ERR_NOT_FOUND', `There is no request ${id}. List them with manager.requests.list().`, {
        details: { request: id },
      })
    }
    const request = requestParser.parse(value)
    checkOpen(id, request)
    checkRight(request, given)
    const content = contentOf(request, given)
    return plain({
      ...request,
      answer: {
        approve,
        by: principal.name,
        time,
        ...(note !== undefined && { note }),
        ...(content !== undefined && { content }),
      },
    })
  }
  await commitUpdates(store, { updates: [{ key: keys.request(id), update }] }, call)
}

async function checkRun(
  store: StateStore,
  { id, run }: { readonly id: string; readonly run: string },
  call: Call,
): Promise<void> {
  const [head] = await store.get([keys.run(run)], call)
  if (head === undefined) return
  const { state } = runDocumentParser.parse(head.value)
  if (hasEnded(state)) {
    throw new VmunitError('ERR_CONFLICT', `Run ${run} has ended (${state}); nobody waits for ${id} any more.`, {
      details: { request: id, run, state },
    })
  }
}

function checkOpen(id: string, { answer, withdrawn }: RequestDocument): void {
  const over =
    answer !== undefined ? `was answered by ${answer.by}` : withdrawn !== undefined ? `was withdrawn: ${withdrawn}` : ''
  if (over === '') return
  throw new VmunitError('ERR_CONFLICT', `Request ${id} ${over}.`, { details: { request: id } })
}

/** An approval is by a second person. Word about work that was asked for may come through who asked. */
function checkRight({ kind = 'approval', ...request }: RequestDocument, given: GivenAnswer): void {
  const { request: id, planHash, principal } = given
  if (kind === 'approval') checkMayWork(principal, 'approve plans')
  if (kind === 'work' && principal.role === 'resourceManager') throw denied(principal, 'answer for builders')
  if (kind === 'approval' && request.requestedBy === principal.name) {
    throw new VmunitError(
      'ERR_APPROVAL_REFUSED',
      `${principal.name} asked for it; a second person must answer ${id}.`,
      {
        details: { request: id },
      },
    )
  }
  if (planHash !== undefined && planHash !== request.planHash) {
    throw new VmunitError('ERR_APPROVAL_REFUSED', `Request ${id} is for another plan than the one that was approved.`, {
      details: { request: id, planHash: request.planHash },
    })
  }
}

/** What was asked for, checked: a wrong answer is refused while the person who gives it is there to correct it. */
function contentOf({ kind, subject }: RequestDocument, { approve, content }: GivenAnswer): Plain {
  if (!approve || kind !== 'resources' || subject === undefined) return content as Plain
  const wanted = resourceRequest.parse(subject)
  const given = content ?? {}
  const what = `the answer to ${wanted.kind}`
  if (wanted.kind !== 'provideServers') return plain(parseInput<object>(providedParsers[wanted.kind], given, what))
  const provided = parseInput(providedParsers.provideServers, given, what)
  checkServers(wanted, provided)
  return plain(provided)
}

interface Shape {
  readonly name: string
  readonly servers: readonly { readonly tierId: string }[]
}

/** The groups that were asked for, each with as many servers of each tier. */
function checkServers(
  wanted: { readonly groups: readonly Shape[] },
  given: { readonly groups: readonly Shape[] },
): void {
  const asked = wanted.groups.map(shapeOf).toSorted()
  const provided = given.groups.map(shapeOf).toSorted()
  if (asked.join('\n') === provided.join('\n')) return
  throw new VmunitError(
    'ERR_INVALID_INPUT',
    `Asked for ${asked.join('; ')}, but the answer names ${provided.join('; ')}. Correct it, or decline the request.`,
    { details: { asked, provided } },
  )
}

function shapeOf({ name, servers }: Shape): string {
  return `${name} with ${servers
    .map(({ tierId }) => tierId)
    .toSorted()
    .join(', ')}`
}
