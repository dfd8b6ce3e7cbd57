import { childOf, childText, type XmlNode } from '../soap/xml-node.ts'

/** What the platform said when it refused, as a SOAP fault or as the error of a task. */
export interface Fault {
  /** The type: `InvalidPowerState`. */
  readonly name: string
  /** The sentence of the platform. */
  readonly message: string
  /** The data of the fault: `existingState`, `obj`. */
  readonly detail: XmlNode | undefined
}

/** The fault in the body of an answer; undefined when there is none. */
export function soapFault(document: XmlNode): Fault | undefined {
  const fault = childOf(childOf(document, 'Body'), 'Fault')
  if (fault === undefined) return undefined
  const detail = childOf(fault, 'detail')?.children[0]
  const element = detail?.name.replace(/Fault$/, '')
  const message = childText(fault, 'faultstring') ?? ''
  return { name: detail?.xsiType ?? element ?? nameInCode(fault), message, detail }
}

/** The fault in a `LocalizedMethodFault`, as tasks and missing properties carry it. */
export function localizedFault(node: XmlNode): Fault {
  const detail = childOf(node, 'fault')
  return { name: detail?.xsiType ?? 'MethodFault', message: childText(node, 'localizedMessage') ?? '', detail }
}

function nameInCode(fault: XmlNode): string {
  return /^\w+$/.exec(childText(fault, 'faultcode')?.split(':').at(-1) ?? '')?.[0] ?? 'MethodFault'
}
