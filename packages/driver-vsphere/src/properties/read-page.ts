import { parseDocument } from '../soap/parse-document.ts'
import { childOf, childrenOf, childText, type XmlNode } from '../soap/xml-node.ts'
import { faultName } from './missing-fault.ts'
import { type PropertyObject, type PropertyPage, propertyObject } from './property-object.ts'
import { referenceOf } from './reference-of.ts'

/** The objects of an answer to `RetrievePropertiesEx`, by a full parser. */
export function readPage<T>(xml: string, convert: (object: PropertyObject) => T): PropertyPage<T> {
  const response = childOf(parseDocument(xml), 'Body')?.children[0]
  const result = childOf(response, 'returnval')
  return {
    objects: childrenOf(result, 'objects').map((node) => convert(objectOf(node))),
    token: childText(result, 'token'),
  }
}

function objectOf(node: XmlNode): PropertyObject {
  const properties = childrenOf(node, 'propSet').flatMap((property): [string, XmlNode][] => {
    const value = childOf(property, 'val')
    return value === undefined ? [] : [[childText(property, 'name') ?? '', value]]
  })
  const missing = childrenOf(node, 'missingSet').map(faultName)
  return propertyObject(referenceOf(childOf(node, 'obj')), new Map(properties), new Map(missing))
}
