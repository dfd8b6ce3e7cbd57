import { faultOf } from '../faults/fault-error.ts'
import { type PropertyObject, propertyText } from '../properties/property-object.ts'
import type { ObjectSet, PropertySet } from '../properties/query.ts'
import { machineReference } from '../properties/reference.ts'
import { type LookOptions, retrieve } from '../properties/retrieve.ts'
import { FOLDER_PROPERTIES, hostTree, wholeTree } from '../properties/tree.ts'
import type { Session } from '../session/session.ts'
import { childText } from '../soap/xml-node.ts'
import { ALL_EXTRA_CONFIG, KEYED_EXTRA_CONFIG } from './extra-config.ts'
import type { MachineFacts } from './machine-facts.ts'
import { MACHINE_PATHS, readMachine } from './read-machine.ts'

/** What one look at an endpoint says. */
export interface FleetView {
  /** Machines and templates. */
  readonly machines: readonly MachineFacts[]
  /** Names of the hosts that do not answer. */
  readonly blind: readonly string[]
}

/** The machines of an endpoint. */
export interface Fleet {
  all(options?: LookOptions): Promise<FleetView>
  /** These machines, those that exist, and the hosts that do not answer. */
  some(ids: readonly string[], options?: LookOptions): Promise<FleetView>
  /** These machines only, with the version of their configuration. */
  read(ids: readonly string[], options?: LookOptions): Promise<readonly MachineFacts[]>
}

const HOSTS: PropertySet = { type: 'HostSystem', paths: ['name', 'runtime.connectionState'] }

// A machine that is gone makes the whole question fail. So many times it is asked anew without it; then for all.
const MAX_GONE = 4

/** Reads machines, in one question each time. */
export function createFleet(session: Session): Fleet {
  // Old servers and single hosts may know no properties of single keys: then the whole configuration is read.
  let isKeyed = true

  async function look(
    objects: readonly ObjectSet[],
    { others, paths = [], ...options }: LookOptions & { others: readonly PropertySet[]; paths?: readonly string[] },
  ): Promise<readonly PropertyObject[]> {
    for (;;) {
      const wasKeyed = isKeyed
      const extra = wasKeyed ? KEYED_EXTRA_CONFIG : [ALL_EXTRA_CONFIG]
      const machines: PropertySet = { type: 'VirtualMachine', paths: [...MACHINE_PATHS, ...paths, ...extra] }
      try {
        const found = await retrieve(session, { properties: [machines, ...others], objects }, options)
        if (!wasKeyed || !found.some(refusesKeys)) return found
      } catch (error) {
        if (!wasKeyed || faultOf(error, 'InvalidProperty') === undefined) throw error
      }
      isKeyed = false
    }
  }

  async function existing(
    ids: readonly string[],
    ask: (objects: readonly ObjectSet[]) => Promise<readonly PropertyObject[]>,
  ): Promise<readonly PropertyObject[] | undefined> {
    const left = new Set(ids)
    for (let gone = 0; gone <= MAX_GONE; gone += 1) {
      try {
        return await ask([...left].map((id) => ({ start: machineReference(id) })))
      } catch (error) {
        const fault = faultOf(error, 'ManagedObjectNotFound')
        const id = childText(fault?.detail, 'obj')
        if (id === undefined || !left.delete(id)) throw error
      }
    }
    return undefined
  }

  async function all(options: LookOptions = {}): Promise<FleetView> {
    const { rootFolder } = await session.content(options.signal)
    return viewOf(await look([wholeTree(rootFolder)], { ...options, others: [HOSTS, FOLDER_PROPERTIES] }))
  }

  return {
    all,
    async some(ids, options = {}) {
      const { rootFolder } = await session.content(options.signal)
      const others = [HOSTS, FOLDER_PROPERTIES]
      const found = await existing(ids, (objects) => look([...objects, hostTree(rootFolder)], { ...options, others }))
      return found === undefined ? only(await all(options), ids) : only(viewOf(found), ids)
    },
    async read(ids, options = {}) {
      const paths = ['config.changeVersion']
      const found = await existing(ids, async (objects) =>
        objects.length === 0 ? [] : await look(objects, { ...options, paths, others: [] }),
      )
      return found === undefined ? only(await all(options), ids).machines : viewOf(found).machines
    },
  }
}

function refusesKeys({ missing }: PropertyObject): boolean {
  return KEYED_EXTRA_CONFIG.some((path) => missing.get(path) === 'InvalidProperty')
}

function viewOf(objects: readonly PropertyObject[]): FleetView {
  const machines: MachineFacts[] = []
  const blind: string[] = []
  for (const object of objects) {
    if (object.reference.type === 'VirtualMachine') machines.push(readMachine(object))
    else if (object.reference.type === 'HostSystem' && !isAnswering(object)) blind.push(hostName(object))
  }
  return { machines, blind }
}

function isAnswering(host: PropertyObject): boolean {
  return propertyText(host, 'runtime.connectionState') === 'connected'
}

function hostName(host: PropertyObject): string {
  return propertyText(host, 'name') ?? host.reference.id
}

function only({ machines, blind }: FleetView, ids: readonly string[]): FleetView {
  const wanted = new Set(ids)
  return { machines: machines.filter(({ id }) => wanted.has(id)), blind }
}
