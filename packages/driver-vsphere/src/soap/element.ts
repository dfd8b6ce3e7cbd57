import type { Reference } from '../properties/reference.ts'
import { escapeXml } from './escape-xml.ts'

/** An element with text; nothing when the value is undefined. */
export function textElement(name: string, value: string | number | boolean | undefined): string {
  return value === undefined ? '' : `<${name}>${escapeXml(String(value))}</${name}>`
}

/** An element that names a managed object; nothing when there is none. */
export function referenceElement(name: string, reference: Reference | undefined): string {
  if (reference === undefined) return ''
  return `<${name} type="${escapeXml(reference.type)}">${escapeXml(reference.id)}</${name}>`
}

/** An element whose content has a type that the schema does not fix. */
export function typedElement(name: string, type: string, content: string): string {
  return `<${name} xsi:type="${type}">${content}</${name}>`
}

/** The body of a request: a method on a managed object, its arguments as XML in the order of the schema. */
export function methodElement(method: string, self: Reference, content: string): string {
  return `<${method} xmlns="urn:vim25">${referenceElement('_this', self)}${content}</${method}>`
}
