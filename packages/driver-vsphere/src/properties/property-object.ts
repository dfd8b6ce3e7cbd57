import { childrenOf, type XmlNode } from '../soap/xml-node.ts'
import type { Reference } from './reference.ts'

/** A managed object with those of its properties that were asked for and are set. */
export interface PropertyObject {
  readonly reference: Reference
  /** By path. */
  readonly properties: ReadonlyMap<string, XmlNode>
  /** Properties that the platform did not give, with the name of the fault that says why. */
  readonly missing: ReadonlyMap<string, string>
}

/** One page of an answer of the property collector, its objects as the reader wants them. */
export interface PropertyPage<T = PropertyObject> {
  readonly objects: readonly T[]
  /** Where the next page begins; absent on the last one. */
  readonly token: string | undefined
}

const NONE: ReadonlyMap<string, string> = new Map()

/** An object of an answer; almost all miss nothing. */
export function propertyObject(
  reference: Reference,
  properties: ReadonlyMap<string, XmlNode>,
  missing: ReadonlyMap<string, string> = NONE,
): PropertyObject {
  return { reference, properties, missing }
}

/** The text of a property; undefined when it is not set. */
export function propertyText(object: PropertyObject, path: string): string | undefined {
  return object.properties.get(path)?.text
}

/** The ids of the objects that a property lists; none when it is not set. */
export function referencesIn(object: PropertyObject, path: string): readonly string[] {
  return childrenOf(object.properties.get(path), 'ManagedObjectReference').map(({ text }) => text)
}
