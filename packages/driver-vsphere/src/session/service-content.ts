import type { Reference } from '../properties/reference.ts'
import { referenceOf } from '../properties/reference-of.ts'
import { childOf, childText, type XmlNode } from '../soap/xml-node.ts'

/** What an endpoint is, and where its managers are. */
export interface ServiceContent {
  /** `VirtualCenter`, or `HostAgent` for a single ESXi host. */
  readonly apiType: string
  /** For people: product, version and build. */
  readonly product: string
  /** Stays the same over renames and restarts. */
  readonly instanceId: string | undefined
  readonly rootFolder: Reference
  readonly propertyCollector: Reference
  readonly sessionManager: Reference
  readonly viewManager: Reference
  readonly searchIndex: Reference
  readonly taskManager: Reference
  readonly eventManager: Reference
}

/** The result of `RetrieveServiceContent`. */
export function serviceContentOf(result: XmlNode | undefined): ServiceContent {
  const about = childOf(result, 'about')
  const manager = (name: string): Reference => referenceOf(childOf(result, name))
  return {
    apiType: childText(about, 'apiType') ?? '',
    product: childText(about, 'fullName') ?? '',
    instanceId: childText(about, 'instanceUuid'),
    rootFolder: manager('rootFolder'),
    propertyCollector: manager('propertyCollector'),
    sessionManager: manager('sessionManager'),
    viewManager: manager('viewManager'),
    searchIndex: manager('searchIndex'),
    taskManager: manager('taskManager'),
    eventManager: manager('eventManager'),
  }
}
