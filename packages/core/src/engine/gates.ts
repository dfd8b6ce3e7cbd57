import type { Gate } from '../domain/plan.ts'
import type { Call, DocumentUpdate, StateStore } from '../ports/index.ts'
import { keys, plain, type RequestDocument, requestParser } from './documents.ts'
import type { Progress } from './progress.ts'

/** The id under which a gate of a run is asked; the same gate is the same request, however often the run resumes. */
export function requestId(runId: string, gate: string): string {
  return `${runId}:${gate}`
}

/** Writes down what is asked, unless it was asked already. */
export function askRequest(
  progress: Progress,
  asked: { readonly id: string; readonly gate: Extract<Gate, { readonly kind: 'approval' }> },
): DocumentUpdate {
  const document: RequestDocument = {
    run: progress.runId,
    gate: asked.id,
    text: asked.gate.text ?? `Go on with run ${progress.runId}`,
    planHash: progress.plan.hash,
    requestedBy: progress.principal.name,
  }
  return { key: keys.request(requestId(progress.runId, asked.id)), update: (value) => value ?? plain(document) }
}

/** The answer of a request, when there is one. */
export async function answerOf(
  store: StateStore,
  request: string,
  call: Call = {},
): Promise<RequestDocument['answer']> {
  const [document] = await store.get([keys.request(request)], call)
  return document === undefined ? undefined : requestParser.parse(document.value).answer
}
