import type { Reference } from '../properties/reference.ts'
import type { XmlNode } from '../soap/xml-node.ts'
import type { ObjectUpdate } from './update-set.ts'

/** The properties of a watched object as they were last told; undefined when it does not exist (any more). */
export type Watched = ReadonlyMap<string, XmlNode> | undefined

/** Somebody who waits for an object. */
export interface Waiter {
  check(seen: Watched): void
  reject(error: unknown): void
}

/** Who waits for what, and what is known of it. */
export interface Watches {
  readonly size: () => number
  /** Begins to wait; what is known already is checked at once. */
  add(reference: Reference, waiter: Waiter): void
  remove(reference: Reference, waiter: Waiter): void
  tell(update: ObjectUpdate): void
  rejectAll(error: unknown): void
  /** Everything that somebody waits for. */
  all(): readonly Reference[]
  /** Tasks of which nothing was told for suspiciously long. */
  silent(): readonly Reference[]
}

interface Watch {
  readonly reference: Reference
  readonly waiters: Set<Waiter>
  readonly seen: Map<string, XmlNode>
  /** When something was told of it, or it was looked at; by the monotonic clock. */
  toldAt: number
}

// A task is told of when it is put on the list and when it ends, and may take long in between.
const UNSEEN_MS = 10_000
const SEEN_MS = 60_000

/** Makes {@link Watches} without any. */
export function createWatches(): Watches {
  const watches = new Map<string, Watch>()

  return {
    size: () => watches.size,
    add(reference, waiter) {
      const known = watches.get(reference.id)
      const watch = known ?? { reference, waiters: new Set(), seen: new Map(), toldAt: performance.now() }
      watch.waiters.add(waiter)
      watches.set(reference.id, watch)
      if (watch.seen.size > 0) waiter.check(watch.seen)
    },
    remove({ id }, waiter) {
      const watch = watches.get(id)
      watch?.waiters.delete(waiter)
      if (watch?.waiters.size === 0) watches.delete(id)
    },
    tell({ reference, kind, changes }) {
      const watch = watches.get(reference.id)
      if (watch === undefined) return
      watch.toldAt = performance.now()
      for (const [path, value] of changes) {
        if (value === undefined) watch.seen.delete(path)
        else watch.seen.set(path, value)
      }
      const seen = kind === 'leave' ? undefined : watch.seen
      for (const waiter of [...watch.waiters]) waiter.check(seen)
    },
    rejectAll(error) {
      for (const { waiters } of watches.values()) for (const waiter of [...waiters]) waiter.reject(error)
    },
    all: () => [...watches.values()].map(({ reference }) => reference),
    silent() {
      const now = performance.now()
      const isSilent = ({ reference, seen, toldAt }: Watch): boolean =>
        reference.type === 'Task' && now - toldAt > (seen.size > 0 ? SEEN_MS : UNSEEN_MS)
      return [...watches.values()].filter(isSilent).map(({ reference }) => reference)
    },
  }
}
