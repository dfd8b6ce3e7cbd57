import type { Call } from '@vmunit/core'
import type { Reference } from '../properties/reference.ts'
import type { Session } from '../session/session.ts'
import type { XmlNode } from '../soap/xml-node.ts'

/** A change: a method that changes something. */
export interface Change {
  readonly method: string
  readonly self: Reference
  readonly content?: string | undefined
  readonly operationId?: string | undefined
}

/** Sends a change; resolves to what it returned. Every change goes this way, so that each asks whether it may. */
export async function sendChange(session: Session, change: Change, call: Call): Promise<XmlNode | undefined> {
  const { signal, permit } = call
  return await session.call({ ...change, signal, permit })
}
