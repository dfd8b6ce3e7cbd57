import type { DirectClient } from './direct-client.ts'
import type { Exchange } from './exchange.ts'
import { callBody, envelope, type Reference, returnedReference } from './soap.ts'
import { type Answer, textOfAnswer, type Upstream } from './upstream.ts'

const pollMs = 4

export interface EndedTask {
  readonly answer: Answer
  readonly task: Reference | undefined
  /** The content of its result; undefined when it failed, or when there is no task. */
  readonly result: string | undefined
}

interface Parts {
  readonly upstream: Upstream
  readonly direct: DirectClient
}

/** Waits until a task of vcsim has ended; answers with the content of its result, or undefined when it failed. */
async function endOf(direct: DirectClient, task: Reference): Promise<string | undefined> {
  for (;;) {
    const [object] = await direct.read('Task', ['info.state', 'info.result'], [task.value])
    const state = object?.properties.get('info.state')
    if (state === 'success') return object?.properties.get('info.result') ?? ''
    if (state === 'error' || state === undefined) return undefined
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}

async function sendAndFollow(exchange: Exchange, body: string | Buffer, parts: Parts): Promise<EndedTask> {
  // Not with the client's signal: what vcsim has begun is followed to its end, whether the client listens or not.
  const given = await parts.upstream.send(body, exchange.headers)
  const xml = await textOfAnswer(given)
  const returned = returnedReference(xml)
  const answer = { ...given, body: xml }
  const task = given.status === 200 && returned?.type === 'Task' ? returned : undefined
  return { answer, task, result: task === undefined ? undefined : await endOf(parts.direct, task) }
}

/** Passes a call on as it is, and waits until vcsim has done it. */
export async function passForClient(exchange: Exchange, parts: Parts): Promise<Answer> {
  return (await sendAndFollow(exchange, exchange.bytes, parts)).answer
}

/** Passes a call on in other words, under the client's session, and waits until vcsim has done it. */
export async function runForClient(
  exchange: Exchange,
  call: { readonly method: string; readonly target: Reference; readonly content: string },
  parts: Parts,
): Promise<EndedTask> {
  const ended = await sendAndFollow(exchange, envelope(callBody(call.method, call.target, call.content)), parts)
  const xml = await textOfAnswer(ended.answer)
  const body = xml.replaceAll(`${call.method}Response`, `${exchange.request.method}Response`)
  return { ...ended, answer: { ...ended.answer, body } }
}
