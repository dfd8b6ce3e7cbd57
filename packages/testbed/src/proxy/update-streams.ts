import type { Exchange } from './exchange.ts'
import { sessionOf } from './sessions.ts'
import { callBody, envelope, type Reference, returnedReference } from './soap.ts'
import { createUpdateFilters, type ViewChange } from './update-filters.ts'
import { createUpdateStream, type UpdateStream } from './update-stream.ts'
import { type Answer, textOfAnswer, type Upstream } from './upstream.ts'
import type { Views } from './views.ts'

export interface UpdateStreams {
  /** Answers the calls by which clients watch objects. */
  handle(exchange: Exchange): Promise<Answer> | undefined
  /** Tells everybody who watches these objects that they are seen differently now. */
  announce(changes: readonly ViewChange[]): void
  /** Ends every wait in progress and forgets all streams, as when the sessions have ended. */
  interrupt(): Promise<void>
}

export interface UpdateStreamsOptions {
  readonly upstream: Upstream
  readonly views: Views
  settled(): Promise<void>
}

interface Watched {
  readonly collector: Reference
  readonly stream: UpdateStream
}

/** The collector that every session has without making it. */
const defaultCollector = /^(?:ha-property-collector|propertyCollector)$/
const handled = new Set(['CreateFilter', 'WaitForUpdatesEx', 'WaitForUpdates', 'CancelWaitForUpdates'])

export function createUpdateStreams({ upstream, views, settled }: UpdateStreamsOptions): UpdateStreams {
  const streams = new Map<string, Promise<Watched>>()
  const filters = createUpdateFilters(upstream, views)

  /** vcsim tells changes to the default collector of one session only; here each session gets one of its own. */
  const collectorFor = async (exchange: Exchange, target: Reference): Promise<Reference> => {
    if (!defaultCollector.test(target.value)) return target
    const body = envelope(callBody('CreatePropertyCollector', target, ''))
    const made = returnedReference(await textOfAnswer(await upstream.send(body, exchange.headers)))
    return made ?? target
  }

  const keyOf = (exchange: Exchange, target: Reference): string => `${sessionOf(exchange.cookie) ?? ''} ${target.value}`

  const watched = async (exchange: Exchange, target: Reference): Promise<Watched> => {
    const key = keyOf(exchange, target)
    const make = async (): Promise<Watched> => {
      const collector = await collectorFor(exchange, target)
      const announcements = async (changes: readonly ViewChange[]) => await filters.announcements(key, changes)
      return { collector, stream: createUpdateStream({ upstream, views, collector, settled, announcements }) }
    }
    const known = streams.get(key)
    if (known !== undefined) return await known
    const made = make()
    streams.set(key, made)
    return await made.catch((error: unknown) => {
      streams.delete(key)
      throw error
    })
  }

  /** Passes a call on to the collector that stands for its target. */
  const redirected = async (exchange: Exchange, collector: Reference): Promise<Answer> => {
    const { xml, target } = exchange.request
    const body = target === undefined ? xml : xml.replace(`>${target.value}<`, () => `>${collector.value}<`)
    const answer = await upstream.send(body, exchange.headers, exchange.signal)
    return { ...answer, body: await textOfAnswer(answer) }
  }

  const respond = async (exchange: Exchange, target: Reference): Promise<Answer> => {
    const { collector, stream } = await watched(exchange, target)
    const { method } = exchange.request
    if (method === 'WaitForUpdatesEx' || method === 'WaitForUpdates') return await stream.wait(exchange)
    const answer = await redirected(exchange, collector)
    const isMade = method === 'CreateFilter' && answer.status === 200
    if (isMade) filters.created(exchange, keyOf(exchange, target), await textOfAnswer(answer))
    return answer
  }

  const forget = (matches: (key: string) => boolean): void => {
    for (const key of [...streams.keys()].filter(matches)) {
      filters.forget(key)
      streams.delete(key)
    }
  }

  return {
    handle: (exchange) => {
      const { method, target } = exchange.request
      if (target === undefined) return undefined
      if (handled.has(method)) return respond(exchange, target)
      const session = `${sessionOf(exchange.cookie) ?? ''} `
      if (method === 'DestroyPropertyFilter') filters.destroyed(target.value)
      if (method === 'DestroyPropertyCollector') forget((key) => key === keyOf(exchange, target))
      if (method === 'Logout') forget((key) => key.startsWith(session))
      return undefined
    },
    announce: (changes) => {
      for (const one of streams.values()) {
        one
          .then(({ stream }) => {
            stream.announce(changes)
          })
          .catch(() => undefined)
      }
    },
    interrupt: async () => {
      const all = await Promise.all(streams.values())
      await Promise.all(all.map(async ({ stream }) => await stream.interrupt()))
      forget(() => true)
    },
  }
}
