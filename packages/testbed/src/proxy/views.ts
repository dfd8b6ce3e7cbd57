import type { Reference } from './soap.ts'

/**
 * How clients see an object while it is not shown as vcsim has it.
 *
 * Takes a property's name and its `val` element; answers with the element to show, or undefined for an unset property.
 */
export type View = (name: string, val: string) => string | undefined

/** The views of this moment. */
export interface Views {
  get(reference: Reference): View | undefined
  set(reference: Reference, view: View): void
  delete(reference: Reference): void
  isEmpty(): boolean
  /** Whether a document shows an object that has a view. */
  concern(xml: string): boolean
}

export function createViews(): Views {
  const views = new Map<string, View>()
  const keyOf = ({ type, value }: Reference): string => `${type}:${value}`
  return {
    get: (reference) => views.get(keyOf(reference)),
    set: (reference, view) => {
      views.set(keyOf(reference), view)
    },
    delete: (reference) => {
      views.delete(keyOf(reference))
    },
    isEmpty: () => views.size === 0,
    concern: (xml) => {
      if (views.size === 0) return false
      for (const [, type, value] of xml.matchAll(/<obj type="(\w+)">([^<]*)</g)) {
        if (views.has(`${type}:${value}`)) return true
      }
      return false
    },
  }
}

function isBelow(name: string, path: string): boolean {
  return name === path || name.startsWith(`${path}.`) || name.startsWith(`${path}[`)
}

/** The `val` element with other text in it. */
function withText(val: string, text: string): string {
  return val.replace(/^(<val[^>]*>)[^]*(<\/val>)$/, `$1${text}$2`)
}

function withoutElement(val: string, name: string): string {
  return val.replace(new RegExp(`<${name}(?:\\s[^>]*)?>[^]*?</${name}>`), '')
}

function withElementText(val: string, name: string, text: string): string {
  return val.replace(new RegExp(`(<${name}>)[^<]*(</${name}>)`), `$1${text}$2`)
}

/** A machine that is being made, or that nobody can ask: it is in the inventory, without its configuration. */
export const withoutConfig: View = (name, val) => {
  if (isBelow(name, 'config') || isBelow(name, 'summary.config')) return undefined
  return name === 'summary' ? withoutElement(val, 'config') : val
}

/** A task that vcsim has finished already, and vCenter would not have. */
export const runningTask: View = (name, val) => {
  if (name === 'info.state') return withText(val, 'running')
  if (/^info\.(?:result|completeTime|error|progress)/.test(name)) return undefined
  if (name !== 'info') return val
  const unfinished = ['result', 'completeTime', 'error', 'progress'].reduce(withoutElement, val)
  return withElementText(unfinished, 'state', 'running')
}

/** What a task that only stands for another one, which vcsim would not refuse, shows instead of its own failure. */
export interface Refusal {
  readonly fault: string
  readonly fields: string
  readonly name: string
  readonly entity: Reference
}

/** A failed task that shows another failure. */
export function refusedTask(refusal: Refusal): View {
  const type = `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="${refusal.fault}"`
  const fault = `<fault ${type}>${refusal.fields}</fault><localizedMessage>${refusal.fault}</localizedMessage>`
  return (name, val) => {
    if (name === 'info.error') return withText(val, fault)
    if (name === 'info.name') return withText(val, refusal.name)
    if (name !== 'info') return val
    const shown = withElementText(val, 'name', refusal.name).replace(
      /<error>[^]*<\/error>/,
      () => `<error>${fault}</error>`,
    )
    const { type: entityType, value } = refusal.entity
    return shown.replace(/<entity [^>]*>[^<]*</, () => `<entity type="${entityType}">${value}<`)
  }
}

function connectionState(state: string): View {
  return (name, val) => {
    if (name === 'runtime.connectionState' || name === 'summary.runtime.connectionState') return withText(val, state)
    const hasIt = name === 'runtime' || name === 'summary' || name === 'summary.runtime'
    return hasIt ? withElementText(val, 'connectionState', state) : val
  }
}

/** A host that does not answer vCenter. */
export const notResponding: View = connectionState('notResponding')

const disconnected = connectionState('disconnected')

/** A machine whose host does not answer vCenter. */
export const lostMachine: View = (name, val) => {
  const shown = withoutConfig(name, val)
  return shown === undefined ? undefined : disconnected(name, shown)
}
