import type { IncomingHttpHeaders } from 'node:http'
import { readObjects } from './direct-client.ts'
import type { Exchange } from './exchange.ts'
import { requestXml } from './request-xml.ts'
import { modification } from './rewrite.ts'
import { callBody, envelope, type Reference, returnedReference } from './soap.ts'
import { textOfAnswer, type Upstream } from './upstream.ts'
import type { View, Views } from './views.ts'
import { childOf } from './xml.ts'

/** A property filter of a client: what to ask to know how it sees an object now. */
interface Filter {
  readonly id: string
  readonly stream: string
  readonly collector: Reference
  readonly specXml: string
  readonly headers: IncomingHttpHeaders
}

/** An object whose view has changed, and how it was seen before. */
export interface ViewChange {
  readonly reference: Reference
  readonly before: View | undefined
}

export interface UpdateFilters {
  /** Remembers the filter that a call makes, once it is answered. */
  created(exchange: Exchange, stream: string, answerXml: string): void
  destroyed(id: string): void
  /** Forgets the filters of one stream. */
  forget(stream: string): void
  /** The `objectSet` elements that tell each filter of a stream how these objects are seen now. */
  announcements(stream: string, changes: readonly ViewChange[]): Promise<ReadonlyMap<string, readonly string[]>>
}

const keyOf = ({ type, value }: Reference): string => `${type}:${value}`

function changedProperties(
  vals: ReadonlyMap<string, string>,
  before: View | undefined,
  now: View | undefined,
): ReadonlyMap<string, string | undefined> {
  const changed = new Map<string, string | undefined>()
  for (const [name, val] of vals) {
    const shown = now === undefined ? val : now(name, val)
    if ((before === undefined ? val : before(name, val)) !== shown) changed.set(name, shown)
  }
  return changed
}

export function createUpdateFilters(upstream: Upstream, views: Views): UpdateFilters {
  const filters = new Map<string, Filter>()

  /** What a filter selects at this moment; nothing when its session or what it starts from is gone. */
  const read = async ({ collector, specXml, headers }: Filter): ReturnType<typeof readWhole> => {
    const content = `<specSet>${specXml}</specSet><options/>`
    const body = envelope(callBody('RetrievePropertiesEx', collector, content))
    return await readWhole(upstream, body, headers)
  }

  return {
    created: (exchange, stream, answerXml) => {
      const { xml, element, target: collector } = exchange.request
      const [id, spec] = [returnedReference(answerXml)?.value, childOf(xml, element, 'spec')]
      if (id === undefined || spec === undefined || collector === undefined) return
      const specXml = requestXml(xml.slice(spec.contentStart, spec.contentEnd))
      filters.set(`${stream} ${id}`, { id, stream, collector, specXml, headers: exchange.headers })
    },
    destroyed: (id) => {
      for (const [key, filter] of filters) if (filter.id === id) filters.delete(key)
    },
    forget: (stream) => {
      for (const [key, filter] of filters) if (filter.stream === stream) filters.delete(key)
    },
    announcements: async (stream, changes) => {
      const byReference = new Map(changes.map((change) => [keyOf(change.reference), change]))
      const all = new Map<string, readonly string[]>()
      for (const filter of [...filters.values()].filter((each) => each.stream === stream)) {
        const updates = (await read(filter)).flatMap(({ reference, vals }) => {
          const change = byReference.get(keyOf(reference))
          if (change === undefined) return []
          const changed = changedProperties(vals, change.before, views.get(reference))
          return changed.size === 0 ? [] : [modification(reference, changed)]
        })
        if (updates.length > 0) all.set(filter.id, updates)
      }
      return all
    },
  }
}

async function readWhole(upstream: Upstream, body: string, headers: IncomingHttpHeaders) {
  const answer = await upstream.send(body, headers)
  const xml = await textOfAnswer(answer)
  return answer.status === 200 ? readObjects(xml) : []
}
