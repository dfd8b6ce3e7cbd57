import { faultOf } from '../faults/fault-error.ts'
import { type PropertyObject, propertyText } from '../properties/property-object.ts'
import type { PropertySet } from '../properties/query.ts'
import type { Reference } from '../properties/reference.ts'
import { referenceOf } from '../properties/reference-of.ts'
import { retrieve } from '../properties/retrieve.ts'
import type { Session } from '../session/session.ts'
import { referenceElement } from '../soap/element.ts'
import { readDocument } from '../soap/read-document.ts'
import { childOf, childrenOf, childText } from '../soap/xml-node.ts'
import { type Collector, createCollector, forget } from './collector.ts'
import type { ObjectUpdate } from './update-set.ts'

/** A list of tasks and machines on the server, and a collector that tells what happens to them. */
export interface WatchList {
  readonly collector: Collector
  /** Makes the list hold these objects; tells of those that do not exist. */
  hold(objects: readonly Reference[]): Promise<readonly ObjectUpdate[]>
  drop(): Promise<void>
}

const TASKS: PropertySet = { type: 'Task', paths: ['info.state', 'info.error', 'info.result'] }
const MACHINES: PropertySet = { type: 'VirtualMachine', paths: ['runtime.powerState', 'config.instanceUuid'] }

/**
 * Makes an empty list and its collector.
 *
 * A list of one's own, and not all recent tasks of the server: that list is cut off at some length, and holds what
 * others do.
 */
export async function createWatchList(session: Session, signal: AbortSignal): Promise<WatchList> {
  const { viewManager } = await session.content(signal)
  const self = referenceOf(await session.call({ method: 'CreateListView', self: viewManager, signal }))
  const generation = session.generation()
  const objects = [{ start: self, skip: true, along: [{ name: 'list', type: 'ListView', path: 'view' }] }]
  const collector = await createCollector(session, { properties: [TASKS, MACHINES], objects }, signal)
  if (collector.generation !== generation) {
    await collector.drop()
    return await createWatchList(session, signal)
  }
  // The first answer only begins the stream: what is listed before it might change unseen on some servers.
  await collector.next(0, signal)
  let listed: ReadonlyMap<string, Reference> = new Map()

  return {
    collector,
    async hold(wantedObjects) {
      const gone: ObjectUpdate[] = []
      const wanted = new Map(wantedObjects.map((reference) => [reference.id, reference]))
      for (;;) {
        const add = [...wanted.values()].filter(({ id }) => !listed.has(id))
        const remove = [...listed.values()].filter(({ id }) => !wanted.has(id))
        // What nobody waits for any more does no harm on the list, and goes with the next that comes.
        if (add.length === 0) return gone
        const content = `${elements('add', add)}${elements('remove', remove)}`
        try {
          const call = { method: 'ModifyListView', self, content, signal, isRead: true }
          for (const reference of await session.ask(call, unresolved)) {
            if (wanted.delete(reference.id)) gone.push(leaving(reference))
          }
          listed = wanted
          return gone
        } catch (error) {
          const update = goneIn(error, add)
          if (update === undefined) throw error
          gone.push(update)
          wanted.delete(update.reference.id)
        }
      }
    },
    async drop() {
      await collector.drop()
      await forget(session, { method: 'DestroyView', self, generation })
    },
  }
}

/** Looks at tasks themselves: what they are now, as news. */
export async function lookAtTasks(
  session: Session,
  tasks: readonly Reference[],
  signal: AbortSignal,
): Promise<readonly ObjectUpdate[]> {
  const gone: ObjectUpdate[] = []
  let left = tasks
  while (left.length > 0) {
    try {
      const query = { properties: [TASKS], objects: left.map((start) => ({ start })) }
      return [...gone, ...(await retrieve(session, query, { signal })).map(newsOf)]
    } catch (error) {
      const update = goneIn(error, left)
      if (update === undefined) throw error
      gone.push(update)
      left = left.filter(({ id }) => id !== update.reference.id)
    }
  }
  return gone
}

function newsOf(object: PropertyObject): ObjectUpdate {
  const { reference, properties } = object
  return { reference, kind: propertyText(object, 'info.state') === undefined ? 'leave' : 'enter', changes: properties }
}

/** vCenter takes what it knows and gives the rest back; others refuse the whole list because of one. */
async function unresolved(xml: string): Promise<readonly Reference[]> {
  const response = childOf(await readDocument(xml), 'Body')?.children[0]
  return childrenOf(response, 'returnval').map(referenceOf)
}

function goneIn(error: unknown, among: readonly Reference[]): ObjectUpdate | undefined {
  const id = childText(faultOf(error, 'ManagedObjectNotFound')?.detail, 'obj')
  const reference = among.find((one) => one.id === id)
  return reference && leaving(reference)
}

function leaving(reference: Reference): ObjectUpdate {
  return { reference, kind: 'leave', changes: new Map() }
}

function elements(name: string, references: readonly Reference[]): string {
  return references.map((reference) => referenceElement(name, reference)).join('')
}
