import type { XmlNode } from '../soap/xml-node.ts'
import type { Reference } from './reference.ts'

/** The reference that an element holds. */
export function referenceOf(node: XmlNode | undefined): Reference {
  return { type: node?.type ?? '', id: node?.text ?? '' }
}
