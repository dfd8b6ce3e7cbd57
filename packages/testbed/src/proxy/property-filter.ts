import type { IncomingHttpHeaders } from 'node:http'
import { readObjects } from './direct-client.ts'
import { objectUpdates, referenceKey, type SeenObject, type SeenObjects } from './object-updates.ts'
import { requestXml } from './request-xml.ts'
import { retryReading } from './retry-reading.ts'
import { callBody, envelope, faultName, type Reference, type SoapRequest } from './soap.ts'
import { type Answer, textOfAnswer, type Upstream } from './upstream.ts'
import type { Views } from './views.ts'
import { childOf } from './xml.ts'

/** A property filter of a client, and what the client has seen through it. */
export interface PropertyFilter {
  readonly id: string
  /** The `objectSet` elements of what is new; or the answer by which vcsim refuses the whole session. */
  look(headers: IncomingHttpHeaders): Promise<readonly string[] | Answer>
  /** The client knows nothing any more. */
  forget(): void
}

export interface PropertyFilterOptions {
  readonly upstream: Upstream
  readonly views: Views
  readonly collector: Reference
}

/** The filter that a `CreateFilter` asks for. */
export function readFilter(id: string, request: SoapRequest, options: PropertyFilterOptions): PropertyFilter {
  const { upstream, views, collector } = options
  const { xml, element } = request
  const spec = childOf(xml, element, 'spec')
  const specXml = spec === undefined ? '' : requestXml(xml.slice(spec.contentStart, spec.contentEnd))
  const body = envelope(callBody('RetrieveProperties', collector, `<specSet>${specXml}</specSet>`))
  let seen: SeenObjects = new Map()

  const shown = (vals: ReadonlyMap<string, string>, reference: Reference): SeenObject => {
    const view = views.get(reference)
    if (view === undefined) return { reference, properties: vals }
    const properties = [...vals].flatMap(([name, val]) => {
      const value = view(name, val)
      return value === undefined ? [] : [[name, value] as const]
    })
    return { reference, properties: new Map(properties) }
  }

  return {
    id,
    forget: () => {
      seen = new Map()
    },
    look: async (headers) => {
      const answer = await retryReading('RetrieveProperties', async () => await upstream.send(body, headers))
      const document = await textOfAnswer(answer)
      if (answer.status !== 200) {
        // What a filter starts from may be gone, such as a view; its session may not.
        return faultName(document) === 'NotAuthenticated' ? { ...answer, body: document } : []
      }
      const objects = readObjects(document).map(({ reference, vals }) => shown(vals, reference))
      const now = new Map(objects.map((object) => [referenceKey(object.reference), object]))
      const updates = objectUpdates(seen, now)
      seen = now
      return updates
    },
  }
}
