import { faultOf } from '../faults/fault-error.ts'
import { type PropertyObject, propertyText } from '../properties/property-object.ts'
import type { ObjectSet, PropertySet } from '../properties/query.ts'
import { machineReference } from '../properties/reference.ts'
import { type LookOptions, retrieveAs } from '../properties/retrieve.ts'
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

const HOSTS: PropertySet = { type: 'HostSystem', paths: ['name', 'runtime.connectionState', 'runtime.powerState'] }

// A machine that is gone makes the whole question fail. So many times it is asked anew without it; then for all.
const MAX_GONE = 4

interface FleetLook extends LookOptions {
  readonly others: readonly PropertySet[]
  readonly paths?: readonly string[] | undefined
}

const NOTHING: FleetView = { machines: [], blind: [] }

/** Reads machines, in one question each time. */
export function createFleet(session: Session): Fleet {
  // Old servers and single hosts may know no properties of single keys: then the whole configuration is read.
  let isKeyed = true

  async function look(
    objects: readonly ObjectSet[],
    { others, paths = [], ...options }: FleetLook,
  ): Promise<FleetView> {
    for (;;) {
      const wasKeyed = isKeyed
      const extra = wasKeyed ? KEYED_EXTRA_CONFIG : [ALL_EXTRA_CONFIG]
      const machines: PropertySet = { type: 'VirtualMachine', paths: [...MACHINE_PATHS, ...paths, ...extra] }
      const query = { properties: [machines, ...others], objects }
      let isRefused = false
      const convert = (object: PropertyObject): Seen => {
        isRefused ||= wasKeyed && refusesKeys(object)
        return seenIn(object)
      }
      try {
        const found = await retrieveAs(session, query, { ...options, convert })
        if (!isRefused) return viewOf(found)
      } catch (error) {
        if (!wasKeyed || faultOf(error, 'InvalidProperty') === undefined) throw error
      }
      isKeyed = false
    }
  }

  async function existing(
    ids: readonly string[],
    ask: (objects: readonly ObjectSet[]) => Promise<FleetView>,
  ): Promise<FleetView | undefined> {
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
    return await look([wholeTree(rootFolder)], { ...options, others: [HOSTS, FOLDER_PROPERTIES] })
  }

  return {
    all,
    async some(ids, options = {}) {
      const { rootFolder } = await session.content(options.signal)
      const others = [HOSTS, FOLDER_PROPERTIES]
      const found = await existing(ids, (objects) => look([...objects, hostTree(rootFolder)], { ...options, others }))
      return found === undefined ? only(await all(options), ids) : only(found, ids)
    },
    async read(ids, options = {}) {
      const paths = ['config.changeVersion']
      const found = await existing(ids, async (objects) =>
        objects.length === 0 ? NOTHING : await look(objects, { ...options, paths, others: [] }),
      )
      return (found ?? only(await all(options), ids)).machines
    },
  }
}

function refusesKeys({ missing }: PropertyObject): boolean {
  return KEYED_EXTRA_CONFIG.some((path) => missing.get(path) === 'InvalidProperty')
}

/** What one object of an answer says. */
type Seen = { readonly machine: MachineFacts } | { readonly blind: string } | undefined

function seenIn(object: PropertyObject): Seen {
  // It went while the answer was made, or is not there as a whole yet.
  if (object.missing.get('name') === 'ManagedObjectNotFound') return undefined
  switch (object.reference.type) {
    case 'VirtualMachine':
      return { machine: readMachine(object) }
    case 'HostSystem':
      return isAnswering(object) ? undefined : { blind: hostName(object) }
    default:
      return undefined
  }
}

function viewOf(seen: readonly Seen[]): FleetView {
  const machines: MachineFacts[] = []
  const blind: string[] = []
  for (const one of seen) {
    if (one === undefined) continue
    if ('machine' in one) machines.push(one.machine)
    else blind.push(one.blind)
  }
  return { machines, blind }
}

function isAnswering(host: PropertyObject): boolean {
  // A cluster puts hosts to sleep that it does not need: such a host answers to nobody, and nothing goes on there.
  const isAsleep = propertyText(host, 'runtime.powerState') === 'standBy'
  return isAsleep || propertyText(host, 'runtime.connectionState') === 'connected'
}

function hostName(host: PropertyObject): string {
  return propertyText(host, 'name') ?? host.reference.id
}

function only({ machines, blind }: FleetView, ids: readonly string[]): FleetView {
  const wanted = new Set(ids)
  return { machines: machines.filter(({ id }) => wanted.has(id)), blind }
}
