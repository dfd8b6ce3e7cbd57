import type { CreateMachine, Observed } from '@vmunit/core'
import { sameMarker } from '@vmunit/core/marker'
import type { Fleet } from '../machines/fleet.ts'
import type { MachineFacts } from '../machines/machine-facts.ts'
import type { MachineReader } from '../machines/machine-reader.ts'
import { findChild } from '../placement/resolve-reference.ts'
import { propertyText } from '../properties/property-object.ts'
import { type LookOptions, retrieve } from '../properties/retrieve.ts'
import type { Session } from '../session/session.ts'
import { textElement } from '../soap/element.ts'
import type { Places } from './places.ts'

/** What a look for a machine needs. */
export interface ObserverOptions {
  readonly session: Session
  readonly fleet: Fleet
  readonly reader: MachineReader
  readonly places: Places
}

/** Looks what became of a creation. */
export interface CreationObserver {
  /** By name, in what state whatever creates it is. */
  byName(spec: CreateMachine, options: LookOptions): Promise<MachineFacts | undefined>
  /** Clones of an image, by its managed object id, that vSphere has begun and not ended. Without an id, all. */
  runningClones(image: string | undefined, options: LookOptions): Promise<readonly string[]>
  /**
   * Whether a machine is the one that an operation made, though vCenter gave it another id than the one asked for: its
   * name, its marker and its image are right, and the machine that the marker was written for does not exist.
   */
  mayRebind(spec: CreateMachine, facts: MachineFacts, options: LookOptions): Promise<boolean>
  /** The five answers. */
  observe(spec: CreateMachine, options: LookOptions): Promise<Observed<MachineFacts>>
}

/** What a machine of the right name says about the creation that it may come from. */
export function judge(spec: CreateMachine, facts: MachineFacts): Observed<MachineFacts> {
  const { id, config, isConnected, host } = facts
  if (!isConnected) return { state: 'unknown', detail: `host ${host} of machine ${id} does not answer` }
  if (config === undefined) return { state: 'busy', detail: `machine ${id} is being made` }
  if (sameMarker(config.marker, spec.marker)) return { state: 'done', value: facts }
  return { state: 'unknown', detail: `machine ${id} bears the name ${spec.name}, but not the marker: look whose it is` }
}

/** Looks for machines by their unique name, and among clones that vSphere has begun. */
export function createObserver({ session, fleet, reader, places }: ObserverOptions): CreationObserver {
  // The clones that ran when a machine was first looked for. Those that began later are not the one.
  const suspects = new Map<string, ReadonlySet<string>>()

  async function byName(spec: CreateMachine, options: LookOptions): Promise<MachineFacts | undefined> {
    const folder = await places.folder(spec, options)
    const found = await findChild(session, { folder, name: spec.name }, options)
    return found?.type === 'VirtualMachine' ? await reader.read(found.id, options.signal) : undefined
  }

  async function runningClones(image: string | undefined, options: LookOptions): Promise<readonly string[]> {
    const { taskManager } = await session.content(options.signal)
    const paths = ['info.descriptionId', 'info.state', 'info.entity']
    const along = [{ name: 'recent', type: 'TaskManager', path: 'recentTask' }]
    const properties = [
      { type: 'TaskManager', paths: ['maxCollector'] },
      { type: 'Task', paths },
    ]
    const found = await retrieve(session, { properties, objects: [{ start: taskManager, along }] }, options)
    const clones = found.filter((task) => {
      const isClone = propertyText(task, 'info.descriptionId')?.startsWith('VirtualMachine.clone') === true
      const isRunning = ['queued', 'running'].includes(propertyText(task, 'info.state') ?? '')
      return isClone && isRunning && (image === undefined || propertyText(task, 'info.entity') === image)
    })
    return clones.map(({ reference }) => reference.id)
  }

  async function imageId(spec: CreateMachine, options: LookOptions): Promise<string | undefined> {
    if (!spec.image.startsWith('/')) return spec.image
    // An image that is gone may still be cloned: then all clones are suspects.
    const source = await places.source(spec, options).catch(() => undefined)
    return source?.reference.id
  }

  async function mayRebind(spec: CreateMachine, facts: MachineFacts, options: LookOptions): Promise<boolean> {
    const { marker, image } = spec
    const { config, isConnected } = facts
    const copied = config?.copiedMarker
    if (!isConnected || copied === undefined || !sameMarker(copied, marker)) return false
    if (!image.startsWith('/') && config?.source !== image) return false
    const { searchIndex: self } = await session.content(options.signal)
    const content = `${textElement('uuid', copied.instanceUuid)}<vmSearch>true</vmSearch><instanceUuid>true</instanceUuid>`
    const found = await session.call({ ...options, method: 'FindByUuid', self, content, isRead: true })
    return found === undefined || found.text === ''
  }

  return {
    byName,
    runningClones,
    mayRebind,
    async observe(spec, options) {
      const { operationId } = spec.marker
      // Tasks before names: a clone that is not running any more has its name by now.
      const running = await runningClones(await imageId(spec, options), options)
      const facts = await byName(spec, options)
      if (facts !== undefined) {
        suspects.delete(operationId)
        const judged = judge(spec, facts)
        if (judged.state !== 'unknown' || !(await mayRebind(spec, facts, options))) return judged
        return { state: 'partial', detail: `machine ${facts.id} was made, but its marker was written for another id` }
      }
      const first = suspects.get(operationId) ?? new Set(running)
      const [suspect] = running.filter((task) => first.has(task))
      if (suspect !== undefined) {
        suspects.set(operationId, first)
        return { state: 'busy', detail: `clone ${suspect} of image ${spec.image} is running` }
      }
      suspects.delete(operationId)
      const { blind } = await fleet.some([], options)
      if (blind.length > 0) return { state: 'unknown', detail: `${blind.join(', ')} does not answer` }
      return { state: 'absent' }
    },
  }
}
