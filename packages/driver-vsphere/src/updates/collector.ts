import { filterSpec, type PropertyQuery } from '../properties/query.ts'
import type { Reference } from '../properties/reference.ts'
import { referenceOf } from '../properties/reference-of.ts'
import type { Session } from '../session/session.ts'
import { textElement } from '../soap/element.ts'
import { type UpdateSet, updateSetOf } from './update-set.ts'

/** A property collector of our own on the server, with one filter. It lives as long as its session. */
export interface Collector {
  /** The session that it belongs to. */
  readonly generation: number
  /** Waits for updates; undefined when there were none for `maxSeconds`. */
  next(maxSeconds: number, signal: AbortSignal): Promise<UpdateSet | undefined>
  /** Tells the server to forget it, where it still knows it. */
  drop(): Promise<void>
}

// Beyond what the server was asked to wait: then the connection is dead.
const SLACK_MS = 20_000
const DROP_MS = 5_000

/** Makes a collector that tells what happens to what a query finds. */
export async function createCollector(session: Session, query: PropertyQuery, signal: AbortSignal): Promise<Collector> {
  const { propertyCollector } = await session.content(signal)
  const self = referenceOf(await session.call({ method: 'CreatePropertyCollector', self: propertyCollector, signal }))
  const generation = session.generation()
  const collector = collectorOf(session, self, generation)
  try {
    const content = `${filterSpec('spec', query)}<partialUpdates>false</partialUpdates>`
    await session.call({ method: 'CreateFilter', self, content, signal })
  } catch (error) {
    await collector.drop()
    throw error
  }
  return collector
}

function collectorOf(session: Session, self: Reference, generation: number): Collector {
  let version = ''
  return {
    generation,
    async next(maxSeconds, signal) {
      const options = `<options>${textElement('maxWaitSeconds', maxSeconds)}</options>`
      const content = `${textElement('version', version)}${options}`
      const timeoutMs = maxSeconds * 1_000 + SLACK_MS
      const set = updateSetOf(await session.call({ method: 'WaitForUpdatesEx', self, content, signal, timeoutMs }))
      version = set?.version ?? version
      return set
    },
    async drop() {
      await forget(session, { method: 'DestroyPropertyCollector', self, generation })
    },
  }
}

/** Tells the server to forget something of a session; whatever keeps it from doing so ends with the session. */
export async function forget(
  session: Session,
  { method, self, generation }: { readonly method: string; readonly self: Reference; readonly generation: number },
): Promise<void> {
  if (session.generation() !== generation) return
  await session.call({ method, self, timeoutMs: DROP_MS }).catch(() => {})
}
