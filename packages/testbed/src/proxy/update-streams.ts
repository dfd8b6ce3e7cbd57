import type { Exchange } from './exchange.ts'
import { readFilter } from './property-filter.ts'
import { sessionOf } from './sessions.ts'
import { type Reference, returnedReference } from './soap.ts'
import type { Turns } from './turns.ts'
import { createUpdateStream, type UpdateStream } from './update-stream.ts'
import { type Answer, answerOf, textOfAnswer, type Upstream } from './upstream.ts'
import type { Views } from './views.ts'

export interface UpdateStreams {
  /** Answers the calls by which clients watch objects. */
  handle(exchange: Exchange): Promise<Answer> | undefined
  /** Ends every wait in progress and forgets all streams, as when the sessions have ended. */
  interrupt(): void
}

export interface UpdateStreamsOptions {
  readonly upstream: Upstream
  readonly views: Views
  readonly turns: Turns
  settled(): Promise<void>
}

const canceled = '<CancelWaitForUpdatesResponse xmlns="urn:vim25"></CancelWaitForUpdatesResponse>'

export function createUpdateStreams({ upstream, views, turns, settled }: UpdateStreamsOptions): UpdateStreams {
  const streams = new Map<string, UpdateStream>()

  // Each session has a default collector of its own under the same name.
  const keyOf = (exchange: Exchange, target: Reference): string => `${sessionOf(exchange.cookie) ?? ''} ${target.value}`

  const streamOf = (exchange: Exchange, target: Reference): UpdateStream => {
    const key = keyOf(exchange, target)
    const stream = streams.get(key) ?? createUpdateStream({ turns, settled })
    streams.set(key, stream)
    return stream
  }

  /** vcsim makes the filter, so that it has a name and is checked; nobody waits for it there. */
  const createFilter = async (exchange: Exchange, collector: Reference): Promise<Answer> => {
    const answer = await upstream.send(exchange.bytes, exchange.headers, exchange.signal)
    const body = await textOfAnswer(answer)
    const id = answer.status === 200 ? returnedReference(body)?.value : undefined
    if (id !== undefined) {
      streamOf(exchange, collector).addFilter(readFilter(id, exchange.request, { upstream, views, collector }))
    }
    return { ...answer, body }
  }

  const forget = (matches: (key: string) => boolean): void => {
    for (const [key, stream] of streams) {
      if (!matches(key)) continue
      stream.cancel()
      streams.delete(key)
    }
  }

  return {
    handle: (exchange) => {
      const { method, target } = exchange.request
      if (target === undefined) return undefined
      switch (method) {
        case 'WaitForUpdatesEx':
        case 'WaitForUpdates':
          return streamOf(exchange, target).wait(exchange)
        case 'CancelWaitForUpdates':
          streamOf(exchange, target).cancel()
          return Promise.resolve(answerOf(canceled))
        case 'CreateFilter':
          return createFilter(exchange, target)
        case 'DestroyPropertyFilter':
          for (const stream of streams.values()) stream.removeFilter(target.value)
          return undefined
        case 'DestroyPropertyCollector':
          forget((key) => key === keyOf(exchange, target))
          return undefined
        case 'Logout':
          forget((key) => key.startsWith(`${sessionOf(exchange.cookie) ?? ''} `))
          return undefined
        default:
          return undefined
      }
    },
    interrupt: () => {
      forget(() => true)
    },
  }
}
