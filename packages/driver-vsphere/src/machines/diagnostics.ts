import type { HypervisorDriver } from '@vmunit/core'
import { machineReference } from '../properties/reference.ts'
import { retrieve } from '../properties/retrieve.ts'
import type { Session } from '../session/session.ts'
import { referenceElement } from '../soap/element.ts'
import { readDocument } from '../soap/read-document.ts'
import { childOf, childrenOf, childText, type XmlNode } from '../soap/xml-node.ts'
import { checkOwned } from './check-owned.ts'
import type { MachineReader } from './machine-reader.ts'

const PATHS: readonly string[] = [
  'name',
  'overallStatus',
  'runtime',
  'guest',
  'guestHeartbeatStatus',
  'summary.quickStats',
]

/** What vCenter knows of a machine, as text: its state, its guest, and what happened to it. */
export function createDiagnostics(
  session: Session,
  reader: MachineReader,
): NonNullable<HypervisorDriver['diagnostics']> {
  async function events(id: string, signal: AbortSignal | undefined): Promise<readonly string[]> {
    const { eventManager: self } = await session.content(signal)
    const entity = `<entity>${referenceElement('entity', machineReference(id))}<recursion>self</recursion></entity>`
    const call = { method: 'QueryEvents', self, content: `<filter>${entity}</filter>`, isRead: true, signal }
    return await session.ask(call, async (xml) => {
      const response = childOf(await readDocument(xml), 'Body')?.children[0]
      return childrenOf(response, 'returnval').map(
        (event) =>
          `${childText(event, 'createdTime')} ${event.xsiType} ${childText(event, 'fullFormattedMessage') ?? ''}`,
      )
    })
  }

  return {
    async *collect(machine, call = {}) {
      const { signal } = call
      checkOwned(await reader.read(machine.id, signal), machine)
      const properties = [{ type: 'VirtualMachine', paths: PATHS }]
      const objects = [{ start: machineReference(machine.id) }]
      const [found] = await retrieve(session, { properties, objects }, { signal })
      const state = [...(found?.properties ?? [])].flatMap(([path, value]) => linesOf(path, value))
      const lines = [`machine ${machine.id}`, ...state, '', 'events', ...(await events(machine.id, signal))]
      yield new TextEncoder().encode(`${lines.join('\n')}\n`)
    },
  }
}

function linesOf(path: string, { text, children }: XmlNode): readonly string[] {
  if (children.length === 0) return [`${path} ${text}`]
  return children.flatMap((child) => linesOf(`${path}.${child.name}`, child))
}
