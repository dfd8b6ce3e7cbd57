import type { Reference } from './soap.ts'
import { escapeXml } from './xml.ts'

/** The properties of an object by their names, as `val` elements. */
export type Properties = ReadonlyMap<string, string>

/** An object and what of it is seen. */
export interface SeenObject {
  readonly reference: Reference
  readonly properties: Properties
}

/** Objects by their references. */
export type SeenObjects = ReadonlyMap<string, SeenObject>

export function referenceKey({ type, value }: Reference): string {
  return `${type}:${value}`
}

type Kind = 'enter' | 'modify' | 'leave'

function updateXml(kind: Kind, reference: Reference, changes: ReadonlyMap<string, string | undefined>): string {
  // A property without a value has become unset.
  const sets = [...changes].map(
    ([name, val]) => `<changeSet><name>${escapeXml(name)}</name><op>assign</op>${val ?? ''}</changeSet>`,
  )
  const subject = `<obj type="${reference.type}">${escapeXml(reference.value)}</obj>`
  return `<objectSet><kind>${kind}</kind>${subject}${sets.join('')}</objectSet>`
}

function changedProperties(before: Properties, now: Properties): ReadonlyMap<string, string | undefined> {
  const changed = new Map<string, string | undefined>()
  for (const [name, val] of now) if (before.get(name) !== val) changed.set(name, val)
  for (const name of before.keys()) if (!now.has(name)) changed.set(name, undefined)
  return changed
}

/** The `objectSet` elements that lead from what a client has seen to what there is to see now. */
export function objectUpdates(before: SeenObjects, now: SeenObjects): readonly string[] {
  const updates: string[] = []
  for (const [key, { reference, properties }] of now) {
    const known = before.get(key)
    if (known === undefined) updates.push(updateXml('enter', reference, properties))
    else {
      const changed = changedProperties(known.properties, properties)
      if (changed.size > 0) updates.push(updateXml('modify', reference, changed))
    }
  }
  for (const [key, { reference }] of before) {
    if (!now.has(key)) updates.push(updateXml('leave', reference, new Map()))
  }
  return updates
}
