import { referenceElement } from '../soap/element.ts'
import { escapeXml } from '../soap/escape-xml.ts'
import type { Reference } from './reference.ts'

/** Which properties to read of objects of a type. */
export interface PropertySet {
  readonly type: string
  readonly paths: readonly string[]
}

/** Where to look. */
export interface ObjectSet {
  readonly start: Reference
  /** Where to go on from there. Without it, only `start` itself is looked at. */
  readonly along?: readonly Traversal[] | undefined
  /** Whether `start` is only a way to others. */
  readonly skip?: boolean | undefined
}

/** A step from objects of a type to others. */
export interface Traversal {
  readonly name: string
  readonly type: string
  readonly path: string
  /** Names of the steps that follow. */
  readonly next?: readonly string[] | undefined
}

/** A question to the property collector. */
export interface PropertyQuery {
  readonly properties: readonly PropertySet[]
  readonly objects: readonly ObjectSet[]
}

/** A question as `PropertyFilterSpec`, in an element of that name. */
export function filterSpec(element: string, { properties, objects }: PropertyQuery): string {
  return `<${element}>${properties.map(propertySpec).join('')}${objects.map(objectSpec).join('')}</${element}>`
}

function propertySpec({ type, paths }: PropertySet): string {
  const pathSet = paths.map((path) => `<pathSet>${escapeXml(path)}</pathSet>`)
  return `<propSet><type>${type}</type><all>false</all>${pathSet.join('')}</propSet>`
}

function objectSpec({ start, along = [], skip = false }: ObjectSet): string {
  return `<objectSet>${referenceElement('obj', start)}<skip>${skip}</skip>${along.map(traversalSpec).join('')}</objectSet>`
}

function traversalSpec({ name, type, path, next = [] }: Traversal): string {
  const following = next.map((other) => `<selectSet><name>${other}</name></selectSet>`)
  const head = `<name>${name}</name><type>${type}</type><path>${path}</path><skip>false</skip>`
  return `<selectSet xsi:type="TraversalSpec">${head}${following.join('')}</selectSet>`
}
