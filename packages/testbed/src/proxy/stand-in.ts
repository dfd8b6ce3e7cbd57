import type { Exchange } from './exchange.ts'
import { callBody, envelope, type Reference, returnedReference } from './soap.ts'
import { type Answer, textOfAnswer, type Upstream } from './upstream.ts'
import { type Refusal, refusedTask, type Views } from './views.ts'

/**
 * Refuses a call as vCenter does: with a task that fails.
 *
 * vcsim makes the task, for a creation that cannot succeed; its failure is shown as the one that vCenter would give.
 */
export async function refuseByTask(
  exchange: Exchange,
  refusal: Refusal & { readonly folder: Reference },
  { upstream, views }: { readonly upstream: Upstream; readonly views: Views },
): Promise<Answer> {
  const impossible = callBody('CreateVM_Task', refusal.folder, `<config><name/></config><pool type="ResourcePool"/>`)
  const answer = await upstream.send(envelope(impossible), exchange.headers, exchange.signal)
  const xml = await textOfAnswer(answer)
  const task = returnedReference(xml)
  if (task !== undefined) views.set(task, refusedTask(refusal))
  exchange.call.note({ outcome: refusal.fault })
  const { method } = exchange.request
  return { ...answer, body: xml.replaceAll('CreateVM_TaskResponse', `${method}Response`) }
}
