import { VmunitError } from '../errors.ts'
import type { Session } from '../session/session.ts'
import { SessionLost } from '../session/session-lost.ts'
import { textElement } from '../soap/element.ts'
import { UnknownShape } from '../soap/unknown-shape.ts'
import type { PropertyObject, PropertyPage } from './property-object.ts'
import { filterSpec, type PropertyQuery } from './query.ts'
import { scanPage } from './scan-page.ts'

/** What a look is about, for those who search the logs, and who may give it up. */
export interface LookOptions {
  readonly signal?: AbortSignal | undefined
  readonly operationId?: string | undefined
}

/**
 * Asks the property collector, page by page where the server gives pages.
 *
 * @throws VmunitError `ERR_NOT_FOUND` when an object that the query starts from does not exist.
 */
export async function retrieve(
  session: Session,
  query: PropertyQuery,
  options: LookOptions = {},
): Promise<readonly PropertyObject[]> {
  const { propertyCollector: self } = await session.content(options.signal)
  const content = `${filterSpec('specSet', query)}<options/>`
  const first = await session.ask(
    { ...options, method: 'RetrievePropertiesEx', self, content, isRead: true },
    async (xml) => checkSession(await pageOf(xml)),
  )
  const objects = [...first.objects]
  for (let { token } = first; token !== undefined; ) {
    const next = await session.ask(
      { ...options, method: 'ContinueRetrievePropertiesEx', self, content: textElement('token', token) },
      async (xml) => checkSession(await pageOf(xml)),
    )
    objects.push(...next.objects)
    token = next.token
  }
  return objects
}

async function pageOf(xml: string): Promise<PropertyPage> {
  try {
    return scanPage(xml)
  } catch (error) {
    if (!(error instanceof UnknownShape || error instanceof RangeError)) throw error
    // Loaded only when it is needed: most processes never need it.
    const { readPage } = await import('./read-page.ts')
    try {
      return readPage(xml)
    } catch (cause) {
      throw new VmunitError('ERR_DRIVER', 'The answer of the property collector cannot be read.', { cause })
    }
  }
}

function checkSession(page: PropertyPage): PropertyPage {
  for (const { missing } of page.objects) {
    for (const fault of missing.values()) if (fault === 'NotAuthenticated') throw new SessionLost()
  }
  return page
}
