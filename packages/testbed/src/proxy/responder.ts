import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import type { Exchange } from './exchange.ts'
import type { FaultEffect, FaultRules } from './fault-rules.ts'
import type { Front } from './front.ts'
import { isMutating, needsSession } from './methods.ts'
import { withAllMissing } from './rewrite.ts'
import type { Sessions } from './sessions.ts'
import { faultBody, faultName, returnedReference } from './soap.ts'
import { type Answer, answerOf, textOfAnswer } from './upstream.ts'

export interface ResponderParts {
  readonly front: Pick<Front, 'answer'>
  readonly sessions: Sessions
  readonly rules: FaultRules
}

const notAuthenticated = faultBody('NotAuthenticated', 'The session is not authenticated.')

/** Answers calls, or does to them what the faults say, and records how they end. */
export function createResponder({ front, sessions, rules }: ResponderParts) {
  /** What a call gets that no fault strikes. */
  const answer = async (exchange: Exchange): Promise<Answer> => {
    const { method } = exchange.request
    if (!needsSession(method)) {
      const isLive = sessions.stateOf(exchange.cookie) === 'live'
      return await front.answer(method === 'Login' && !isLive ? withoutCookie(exchange) : exchange)
    }
    const state = sessions.stateOf(exchange.cookie)
    if (state === 'missingSet' && method.startsWith('RetrieveProperties')) {
      const given = await front.answer(exchange)
      return { ...given, body: withAllMissing(await textOfAnswer(given)) }
    }
    if (state !== 'live') return answerOf(notAuthenticated, 500)
    const given = await front.answer(exchange)
    const hasExpired = method.startsWith('WaitForUpdates') && sessions.stateOf(exchange.cookie) !== 'live'
    return hasExpired ? answerOf(notAuthenticated, 500) : given
  }

  /** Reads what an answer says about its call: small answers only, inventories pass by unread. */
  const observe = async (exchange: Exchange, given: Answer): Promise<Answer> => {
    const { method } = exchange.request
    if (given.status === 200 && !isMutating(method)) return given
    const xml = await textOfAnswer(given)
    const reference = returnedReference(xml)
    exchange.call.note({
      ...(given.status === 200 ? {} : { outcome: faultName(xml) ?? `http ${given.status}` }),
      ...(reference?.type === 'Task' ? { task: reference.value } : {}),
    })
    return { ...given, body: xml }
  }

  return async (exchange: Exchange, response: ServerResponse): Promise<void> => {
    const { method } = exchange.request
    const effects = rules.strike(method)
    const strikes = <K extends FaultEffect['kind']>(kind: K): Extract<FaultEffect, { kind: K }> | undefined =>
      effects.find((effect): effect is Extract<FaultEffect, { kind: K }> => effect.kind === kind)
    const delay = strikes('delay')
    if (delay !== undefined) await setTimeout(delay.ms, undefined, { signal: exchange.signal })
    if (strikes('reset') !== undefined) {
      exchange.call.end({ outcome: 'reset' })
      response.destroy()
      return
    }
    if (strikes('unavailable') !== undefined) {
      exchange.call.end({ outcome: 'http 503' })
      response.writeHead(503, { 'content-type': 'text/plain' }).end('503 Service Unavailable')
      return
    }
    const fault = strikes('fault')
    const given =
      fault === undefined
        ? await answer(exchange)
        : answerOf(faultBody(fault.name, `${fault.name} by the testbed`, fault.fields), 500)
    const observed = await observe(exchange, given)
    if (method === 'Login') sessions.opened(String(given.headers['set-cookie'] ?? ''))
    if (method === 'Logout') sessions.closed(exchange.cookie)
    if (strikes('lostAnswer') !== undefined) {
      if (typeof observed.body !== 'string') observed.body.resume()
      exchange.call.end({ outcome: 'lost' })
      response.destroy()
      return
    }
    await write(response, observed)
    exchange.call.end()
  }
}

/** Who logs in anew does not do so inside of the session that has expired. */
function withoutCookie(exchange: Exchange): Exchange {
  const { cookie: _, ...headers } = exchange.headers
  return { ...exchange, headers }
}

async function write(response: ServerResponse, given: Answer): Promise<void> {
  const headers = Object.entries(given.headers).map(
    ([name, value]) => [name, typeof value === 'string' ? value : [...value]] as const,
  )
  response.writeHead(given.status, Object.fromEntries(headers))
  if (typeof given.body === 'string') response.end(given.body)
  else await pipeline(given.body, response)
}
