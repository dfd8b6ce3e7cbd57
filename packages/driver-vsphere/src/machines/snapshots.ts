import type { HypervisorDriver, OwnedMachine } from '@vmunit/core'
import { VmunitError } from '../errors.ts'
import { machineReference } from '../properties/reference.ts'
import { referenceOf } from '../properties/reference-of.ts'
import { retrieve } from '../properties/retrieve.ts'
import type { Session } from '../session/session.ts'
import { textElement } from '../soap/element.ts'
import { childOf, childrenOf, childText, type XmlNode } from '../soap/xml-node.ts'
import type { Perform } from '../tasks/perform.ts'
import { checkOwned } from './check-owned.ts'
import type { MachineReader } from './machine-reader.ts'

/** What snapshots need. */
export interface SnapshotOptions {
  readonly session: Session
  readonly perform: Perform
  readonly reader: MachineReader
}

/** Snapshots of machines of ours; their name is the operation, so that none is made twice. */
export function createSnapshots({
  session,
  perform,
  reader,
}: SnapshotOptions): NonNullable<HypervisorDriver['snapshots']> {
  async function ids(machine: OwnedMachine, signal: AbortSignal | undefined): Promise<ReadonlyMap<string, string>> {
    checkOwned(await reader.read(machine.id, signal), machine)
    const properties = [{ type: 'VirtualMachine', paths: ['name', 'snapshot.rootSnapshotList'] }]
    const objects = [{ start: machineReference(machine.id) }]
    const [found] = await retrieve(session, { properties, objects }, { signal })
    return new Map(flatten(found?.properties.get('snapshot.rootSnapshotList')?.children ?? []))
  }

  return {
    async create(machine, id, call = {}) {
      const known = (await ids(machine, call.signal)).get(id)
      if (known !== undefined) return known
      const content = `${textElement('name', id)}<memory>false</memory><quiesce>false</quiesce>`
      const self = machineReference(machine.id)
      const { made } = await perform({ method: 'CreateSnapshot_Task', self, content, operationId: id }, call)
      if (made !== undefined) return made.id
      throw new VmunitError('ERR_DRIVER', `vSphere does not say which snapshot of ${machine.id} it made: look there.`)
    },
    async revert(machine, snapshot, call = {}) {
      const known = new Set((await ids(machine, call.signal)).values())
      if (!known.has(snapshot)) {
        throw new VmunitError('ERR_NOT_FOUND', `Machine ${machine.id} has no snapshot ${snapshot}.`, {
          details: { machine: machine.id, exist: [...known] },
        })
      }
      const self = { type: 'VirtualMachineSnapshot', id: snapshot }
      const { operationId } = machine.marker
      await perform({ method: 'RevertToSnapshot_Task', self, operationId }, call)
    },
  }
}

function flatten(trees: readonly XmlNode[]): readonly [string, string][] {
  return trees.flatMap((tree) => [
    [childText(tree, 'name') ?? '', referenceOf(childOf(tree, 'snapshot')).id],
    ...flatten(childrenOf(tree, 'childSnapshotList')),
  ])
}
