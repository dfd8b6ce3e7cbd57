import type { Exchange } from './exchange.ts'
import type { Gaps } from './gaps.ts'
import { isMutating } from './methods.ts'
import { faultBody, type Reference, returnedReference } from './soap.ts'
import { refuseByTask } from './stand-in.ts'
import { type Answer, answerOf, textOfAnswer } from './upstream.ts'
import { descend, textOf } from './xml.ts'

/** The task that is in the way is not named: a client finds it where it finds all tasks. */
const taskInProgress = faultBody('TaskInProgress', 'The operation is not allowed while a task is in progress.')

type Respond = (exchange: Exchange) => Promise<Answer>

const hostNotConnected = faultBody('HostNotConnected', 'Unable to communicate with the remote host.')

/** The objects that a call wants to change or to use: its target, and the host it names. */
function concerned({ request }: Exchange): readonly Reference[] {
  const { xml, element, target } = request
  const named = [descend(xml, element, ['host']), descend(xml, element, ['spec', 'location', 'host'])]
  const hosts = named.flatMap((host) => (host === undefined ? [] : [{ type: 'HostSystem', value: textOf(xml, host) }]))
  return target === undefined ? hosts : [target, ...hosts]
}

/** Refuses what vCenter would refuse before it looks any closer: unreachable hosts, machines in creation, limits. */
export function guarded(gaps: Gaps, respond: Respond): Respond {
  const { platform, hosts, creations, limits } = gaps

  const limited = async (exchange: Exchange): Promise<Answer> => {
    const { target, method } = exchange.request
    const machine = target?.type === 'VirtualMachine' ? target : undefined
    const host = machine === undefined ? undefined : await platform.hostOf(machine)
    const leave = limits.enter(host)
    if (leave === undefined) {
      const refusal = { fault: 'LimitExceeded', fields: '<property>operations</property>', name: method }
      const places = { entity: target ?? gaps.folder, folder: gaps.folder }
      return await refuseByTask(exchange, { ...refusal, ...places }, gaps)
    }
    try {
      const answer = await respond(exchange)
      const body = await textOfAnswer(answer)
      const task = returnedReference(body)
      const ended = task === undefined ? undefined : creations.ended(task.value)
      if (ended === undefined) leave()
      else ended.then(leave, leave)
      return { ...answer, body }
    } catch (error) {
      leave()
      throw error
    }
  }

  return async (exchange) => {
    const { method, target } = exchange.request
    if (!isMutating(method)) return await respond(exchange)
    if (concerned(exchange).some((reference) => hosts.isLost(reference))) return answerOf(hostNotConnected, 500)
    if (target !== undefined && creations.isInProgress(target.value)) return answerOf(taskInProgress, 500)
    return method.endsWith('_Task') ? await limited(exchange) : await respond(exchange)
  }
}
