import type { Call, CreateMachine } from '@vmunit/core'
import { sameMarker } from '@vmunit/core/marker'
import { isVmunitError, VmunitError } from '../errors.ts'
import { faultOf } from '../faults/fault-error.ts'
import { writeMarker } from '../machines/bound-json.ts'
import { checkOwned, notOwned, type ReadableMachine } from '../machines/check-owned.ts'
import { KEYS } from '../machines/keys.ts'
import type { MachineFacts } from '../machines/machine-facts.ts'
import type { MachineReader } from '../machines/machine-reader.ts'
import { reconfigure } from '../machines/reconfigure.ts'
import type { VsphereSettings } from '../options.ts'
import { encodeName } from '../placement/entity-name.ts'
import { machineReference, type Reference } from '../properties/reference.ts'
import { referenceElement, textElement } from '../soap/element.ts'
import type { Perform } from '../tasks/perform.ts'
import type { UpdateStream } from '../updates/update-stream.ts'
import { type ClonePlace, cloneSpec } from './clone-spec.ts'
import { mayBeOfHost } from './fault-of-host.ts'
import type { HostWishes } from './host-wishes.ts'
import type { CreationObserver } from './observe-creation.ts'
import type { Places } from './places.ts'
import { createSharedWork, type SharedCall } from './shared-work.ts'

/** What making machines needs. */
export interface CreatorOptions {
  readonly stream: UpdateStream
  readonly perform: Perform
  readonly reader: MachineReader
  readonly places: Places
  readonly wishes: HostWishes
  readonly observer: CreationObserver
  readonly settings: VsphereSettings
}

/** Makes a machine, or finds the one that was made. */
export type MakeMachine = (spec: CreateMachine, call?: Call) => Promise<ReadableMachine>

/**
 * Makes machines as clones. Nothing is looked for beforehand: a name can be taken only once in its folder, so vCenter
 * itself says when the machine is there already, whoever began it.
 */
export function createMaker(options: CreatorOptions): MakeMachine {
  const { stream, perform, reader, places, wishes, observer, settings } = options
  const shared = createSharedWork<ReadableMachine>()

  async function clone(spec: CreateMachine, { signal, permit }: SharedCall): Promise<Reference | undefined> {
    const { operationId } = spec.marker
    const look = { signal, operationId }
    const [folder, place, source] = await Promise.all([
      places.folder(spec, look),
      places.place(spec, look),
      places.source(spec, look),
    ])
    const target = `${referenceElement('folder', folder)}${textElement('name', encodeName(spec.name))}`
    const cloneTo = async (goal: ClonePlace): Promise<Reference | undefined> => {
      const content = `${target}${cloneSpec({ spec, source, place: goal, settings })}`
      const change = { method: 'CloneVM_Task', self: source.reference, content, operationId }
      return (await perform(change, { signal, permit })).made
    }
    const wished = await wishes.hostFor({ failureDomain: spec.failureDomain, place, source })
    if (wished === undefined) return await cloneTo(place)
    try {
      return await cloneTo({ ...place, host: wished })
    } catch (error) {
      if (!mayBeOfHost(error, wished)) throw error
      const made = await cloneTo(place)
      wishes.refused(wished)
      return made
    }
  }

  async function finish(spec: CreateMachine, id: string, call: SharedCall): Promise<ReadableMachine> {
    const facts = await readable(id, call.signal)
    const { marker } = spec
    if (sameMarker(facts?.config?.marker, marker)) return checkOwned(facts, { id, marker })
    return await rebind(spec, facts, call)
  }

  /** The configuration of a machine is hidden while it is made; its appearing is waited for. */
  async function readable(id: string, signal: AbortSignal): Promise<MachineFacts | undefined> {
    const facts = await reader.read(id, signal)
    if (facts === undefined || facts.config !== undefined || !facts.isConnected) return facts
    await stream.until(
      machineReference(id),
      (seen) => (seen === undefined || seen.has('config.instanceUuid') ? true : undefined),
      signal,
    )
    return await reader.read(id, signal)
  }

  /** vCenter may give another id than the one asked for: then the marker is written anew, for that one. */
  async function rebind(
    spec: CreateMachine,
    facts: MachineFacts | undefined,
    { signal, permit }: SharedCall,
  ): Promise<ReadableMachine> {
    const { operationId } = spec.marker
    const config = facts?.config
    if (facts === undefined || config === undefined)
      return checkOwned(facts, { id: facts?.id ?? spec.name, marker: spec.marker })
    if (!(await observer.mayRebind(spec, facts, { signal, operationId }))) throw nameTaken(spec, { ...facts, config })
    const values = { [KEYS.marker]: writeMarker(spec.marker, config.instanceUuid) }
    const { id } = facts
    await reconfigure(perform, { id, values, changeVersion: config.changeVersion, operationId }, { signal, permit })
    return checkOwned(await reader.read(id, signal), { id, marker: spec.marker })
  }

  async function make(spec: CreateMachine, call: SharedCall): Promise<ReadableMachine> {
    for (let isRepeated = false; ; isRepeated = true) {
      try {
        const made = await clone(spec, call)
        if (made !== undefined) return await finish(spec, made.id, call)
      } catch (error) {
        const isGone = isVmunitError(error, 'ERR_NOT_FOUND')
        if (!isGone && faultOf(error, 'DuplicateName', 'AlreadyExists', 'FileAlreadyExists') === undefined) throw error
        const found = await observer.byName(spec, { signal: call.signal, operationId: spec.marker.operationId })
        if (found !== undefined) return await finish(spec, found.id, call)
        // The name was taken and is free again, or what was remembered of the image is not true any more.
        places.forget()
        wishes.forget()
        if (isRepeated) throw error
      }
    }
  }

  return async (spec, call = {}) => await shared.join(spec.marker.operationId, (together) => make(spec, together), call)
}

function nameTaken(spec: CreateMachine, facts: ReadableMachine): VmunitError {
  return new VmunitError(
    'ERR_CONFLICT',
    `The name ${spec.name} is taken by machine ${facts.id}, which this operation did not make. Remove or rename it.`,
    { details: { machine: facts.id, name: spec.name }, cause: notOwned(facts, facts.config.marker) },
  )
}
