import { isVmunitError, VmunitError } from '../errors.ts'
import type { Session, VimCall } from '../session/session.ts'
import { SessionLost } from '../session/session-lost.ts'
import { textElement } from '../soap/element.ts'
import { UnknownShape } from '../soap/unknown-shape.ts'
import type { PropertyObject, PropertyPage } from './property-object.ts'
import { filterSpec, type PropertyQuery } from './query.ts'
import { createPageScanner, scanPage } from './scan-page.ts'

/** What a look is about, for those who search the logs, and who may give it up. */
export interface LookOptions {
  readonly signal?: AbortSignal | undefined
  readonly operationId?: string | undefined
}

/** A look that converts what it sees at once, which costs far less memory where there is much to see. */
export interface ConvertingLook<T> extends LookOptions {
  readonly convert: (object: PropertyObject) => T
}

// A vCenter gives a hundred objects a page: a look at a fleet is many calls, any of which may meet a broken connection.
const MAX_RESTARTS = 3

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
  const { signal, operationId } = options
  return await retrieveAs(session, query, { signal, operationId, convert: (object) => object })
}

/** As {@link retrieve}, each object converted as soon as it is there. */
export async function retrieveAs<T>(
  session: Session,
  query: PropertyQuery,
  { signal, operationId, convert }: ConvertingLook<T>,
): Promise<readonly T[]> {
  const { propertyCollector: self } = await session.content(signal)
  const pages = { session, convert: (object: PropertyObject) => convert(inSession(object)) }
  const shared = { signal, operationId, self }
  const content = `${filterSpec('specSet', query)}<options/>`
  for (let restarts = 0; ; restarts += 1) {
    const generation = session.generation()
    const first = await askPage(pages, { ...shared, method: 'RetrievePropertiesEx', content, isRead: true })
    try {
      return await allPages(pages, first, shared)
    } catch (error) {
      // The pages end with the session that they began in, and none is given twice: then the look begins anew.
      const isLost = session.generation() !== generation || (isVmunitError(error, 'ERR_UNAVAILABLE') && error.retryable)
      if (!isLost || restarts === MAX_RESTARTS) throw error
    }
  }
}

async function allPages<T>(
  { session, convert }: Pages<T>,
  first: PropertyPage<T>,
  call: Omit<VimCall, 'method'>,
): Promise<readonly T[]> {
  if (first.token === undefined) return first.objects
  const objects = [...first.objects]
  for (let token: string | undefined = first.token; token !== undefined; ) {
    const method = 'ContinueRetrievePropertiesEx'
    // A page can be asked for only once, so it is not read while it comes: it may need the full parser.
    const next: PropertyPage<T> = await session.ask({ ...call, method, content: textElement('token', token) }, (xml) =>
      pageOf(xml, convert),
    )
    objects.push(...next.objects)
    token = next.token
  }
  return objects
}

interface Pages<T> {
  readonly session: Session
  readonly convert: (object: PropertyObject) => T
}

async function askPage<T>({ session, convert }: Pages<T>, call: VimCall): Promise<PropertyPage<T>> {
  let scanner = createPageScanner(convert)
  const sink = (): ((text: string) => void) => {
    scanner = createPageScanner(convert)
    return scanner.push
  }
  try {
    return await session.ask({ ...call, sink }, async (xml) =>
      xml === '' ? scanner.finish() : await pageOf(xml, convert),
    )
  } catch (error) {
    if (!isUnknown(error)) throw error
    // What came is gone by now; the full parser gets it anew.
    return await session.ask(call, (xml) => pageOf(xml, convert))
  }
}

async function pageOf<T>(xml: string, convert: (object: PropertyObject) => T): Promise<PropertyPage<T>> {
  try {
    return scanPage(xml, convert)
  } catch (error) {
    if (!isUnknown(error)) throw error
    // Loaded only when it is needed: most processes never need it.
    const { readPage } = await import('./read-page.ts')
    try {
      return readPage(xml, convert)
    } catch (cause) {
      if (cause instanceof SessionLost) throw cause
      throw new VmunitError('ERR_DRIVER', 'The answer of the property collector cannot be read.', { cause })
    }
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof UnknownShape || error instanceof RangeError
}

/** A session that is lost makes an answer without properties, not a fault. */
function inSession(object: PropertyObject): PropertyObject {
  for (const fault of object.missing.values()) if (fault === 'NotAuthenticated') throw new SessionLost()
  return object
}
