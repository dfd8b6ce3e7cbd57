import type { Reference } from '../properties/reference.ts'
import { referenceOf } from '../properties/reference-of.ts'
import { childOf, childrenOf, childText, type XmlNode } from '../soap/xml-node.ts'

/** What happened to one object. */
export interface ObjectUpdate {
  readonly reference: Reference
  /** `leave`: it does not exist any more. */
  readonly kind: 'enter' | 'modify' | 'leave'
  /** By path; undefined for a property that is not set any more. */
  readonly changes: ReadonlyMap<string, XmlNode | undefined>
}

/** An answer to `WaitForUpdatesEx`. */
export interface UpdateSet {
  readonly version: string
  readonly updates: readonly ObjectUpdate[]
  /** More is waiting. */
  readonly isTruncated: boolean
}

/** The updates in a result; undefined when nothing happened in the time given. */
export function updateSetOf(result: XmlNode | undefined): UpdateSet | undefined {
  const version = childText(result, 'version')
  if (version === undefined) return undefined
  const updates = childrenOf(result, 'filterSet').flatMap((filter) => childrenOf(filter, 'objectSet').map(updateOf))
  return { version, updates, isTruncated: childText(result, 'truncated') === 'true' }
}

function updateOf(node: XmlNode): ObjectUpdate {
  const kind = childText(node, 'kind')
  const changes = childrenOf(node, 'changeSet').map((change): [string, XmlNode | undefined] => [
    childText(change, 'name') ?? '',
    childOf(change, 'val'),
  ])
  return {
    reference: referenceOf(childOf(node, 'obj')),
    kind: kind === 'enter' || kind === 'leave' ? kind : 'modify',
    changes: new Map(changes),
  }
}
