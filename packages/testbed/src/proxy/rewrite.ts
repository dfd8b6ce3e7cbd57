import { bodyElement, type Reference, referenceOf } from './soap.ts'
import type { View, Views } from './views.ts'
import { childOf, childrenOf, contentOf, elementsIn, escapeXml, textOf, type XmlElement } from './xml.ts'

const xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

interface Replacement {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** A document, or a part of it, with stretches replaced; they come in their order. */
function splice(xml: string, changes: readonly Replacement[], part = { start: 0, end: xml.length }): string {
  const parts: string[] = []
  let at = part.start
  for (const { start, end, text } of changes) {
    parts.push(xml.slice(at, start), text)
    at = end
  }
  return parts.join('') + xml.slice(at, part.end)
}

/** What one object shows: its properties, each through a view; those without a value are left out. */
function rewriteObject(xml: string, object: XmlElement, view: View): string {
  const changes = [...elementsIn(xml, object.contentStart, object.contentEnd)].flatMap((element) => {
    if (element.name !== 'propSet') return []
    const [name, val] = [childOf(xml, element, 'name'), childOf(xml, element, 'val')]
    if (name === undefined || val === undefined) return []
    const before = xml.slice(val.start, val.end)
    const shown = view(textOf(xml, name), before)
    if (shown === before) return []
    if (shown === undefined) return [{ start: element.start, end: element.end, text: '' }]
    return [{ start: val.start, end: val.end, text: shown }]
  })
  return splice(xml, changes, object)
}

/** The elements that show one object each in an answer to a reading method. */
export function* objectsOf(xml: string): Generator<XmlElement> {
  const response = bodyElement(xml)
  if (response === undefined) return
  for (const returned of childrenOf(xml, response, 'returnval')) {
    if (childOf(xml, returned, 'obj') !== undefined) yield returned
    else yield* childrenOf(xml, returned, 'objects')
  }
}

function referenceIn(xml: string, object: XmlElement): Reference | undefined {
  const element = childOf(xml, object, 'obj')
  return element === undefined ? undefined : referenceOf(xml, element)
}

/** An answer to `RetrieveProperties` and its kin, as clients shall see it. */
export function rewriteProperties(xml: string, views: Views): string {
  if (!views.concern(xml)) return xml
  const changes = []
  for (const object of objectsOf(xml)) {
    const reference = referenceIn(xml, object)
    const view = reference === undefined ? undefined : views.get(reference)
    if (view !== undefined)
      changes.push({ start: object.start, end: object.end, text: rewriteObject(xml, object, view) })
  }
  return splice(xml, changes)
}

/** An answer in which every property is missing, as vCenter gives it to a session that has expired. */
export function withAllMissing(xml: string): string {
  const changes = []
  for (const object of objectsOf(xml)) {
    const reference = referenceIn(xml, object)
    if (reference === undefined) continue
    const subject = `<object type="${reference.type}">${escapeXml(reference.value)}</object>`
    const fault = `<fault ${xsi} xsi:type="NotAuthenticated">${subject}<privilegeId>System.View</privilegeId></fault>`
    for (const property of childrenOf(xml, object, 'propSet')) {
      const name = childOf(xml, property, 'name')
      const path = name === undefined ? '' : contentOf(xml, name)
      const text = `<missingSet><path>${path}</path><fault>${fault}<localizedMessage/></fault></missingSet>`
      changes.push({ start: property.start, end: property.end, text })
    }
  }
  return splice(xml, changes)
}
