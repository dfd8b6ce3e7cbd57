import type { SoapRequest } from './soap.ts'
import { childOf, textOf, type XmlElement } from './xml.ts'

/** What a client asks for with `WaitForUpdatesEx`, or with the older `WaitForUpdates`. */
export interface WaitRequest {
  readonly method: string
  readonly version: string
  /** For ever when undefined. */
  readonly maxWaitMs: number | undefined
  /** How many objects an answer may tell of. */
  readonly maxObjects: number | undefined
}

export function readWait({ xml, element, method }: SoapRequest): WaitRequest {
  const read = (parent: XmlElement | undefined, name: string): string | undefined => {
    const found = parent === undefined ? undefined : childOf(xml, parent, name)
    return found === undefined ? undefined : textOf(xml, found)
  }
  const options = childOf(xml, element, 'options')
  const maxWait = read(options, 'maxWaitSeconds')
  const maxObjects = read(options, 'maxObjectUpdates')
  return {
    method,
    version: read(element, 'version') ?? '',
    maxWaitMs: maxWait === undefined ? undefined : Number(maxWait) * 1000,
    maxObjects: maxObjects === undefined ? undefined : Number(maxObjects),
  }
}
