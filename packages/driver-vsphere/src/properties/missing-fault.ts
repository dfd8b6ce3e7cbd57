import { childOf, childText, type XmlNode } from '../soap/xml-node.ts'

/** Which property a `missingSet` is about, and the name of the fault that says why it is missing. */
export function faultName(missing: XmlNode): readonly [path: string, fault: string] {
  const fault = childOf(childOf(missing, 'fault'), 'fault')
  return [childText(missing, 'path') ?? '', fault?.xsiType ?? 'MethodFault']
}
