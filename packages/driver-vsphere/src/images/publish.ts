import type { Call, ImageVersion, OwnedMachine } from '@vmunit/core'
import { VmunitError } from '../errors.ts'
import { faultOf } from '../faults/fault-error.ts'
import { writeImageMark } from '../machines/bound-json.ts'
import { checkOwned, type ReadableMachine } from '../machines/check-owned.ts'
import type { Fleet } from '../machines/fleet.ts'
import { KEYS } from '../machines/keys.ts'
import type { MachineReader } from '../machines/machine-reader.ts'
import { reconfigure } from '../machines/reconfigure.ts'
import { encodeName } from '../placement/entity-name.ts'
import { propertyText } from '../properties/property-object.ts'
import { machineReference } from '../properties/reference.ts'
import { retrieve } from '../properties/retrieve.ts'
import type { Session } from '../session/session.ts'
import { textElement } from '../soap/element.ts'
import type { Perform } from '../tasks/perform.ts'
import { sendChange } from '../tasks/send-change.ts'
import { findVersion } from './find-version.ts'

/** What publishing needs. */
export interface PublishOptions {
  readonly session: Session
  readonly perform: Perform
  readonly fleet: Fleet
  readonly reader: MachineReader
}

/** Turns a machine into a version of a template. */
export type Publish = (machine: OwnedMachine, as: ImageVersion, call: Call) => Promise<string>

const SNAPSHOT = 'vmunit image'

/**
 * Publishes step by step, each of which is found done when it is repeated. A version is listed only after the last one,
 * which makes it a template; the mark that names it, and with it the end of our marker, come in the step before.
 */
export function createPublish({ session, perform, fleet, reader }: PublishOptions): Publish {
  async function rename(machine: ReadableMachine, as: ImageVersion, call: Call): Promise<void> {
    const name = `${as.template}-${as.version}`
    if (machine.name === name) return
    const content = textElement('newName', encodeName(name))
    const self = machineReference(machine.id)
    try {
      await perform({ method: 'Rename_Task', self, content, operationId: as.operationId }, call)
    } catch (error) {
      if (faultOf(error, 'DuplicateName') === undefined) throw error
      const message = `Version ${as.version} of ${as.template} needs the name ${name}, which something else has. Remove or rename that.`
      throw new VmunitError('ERR_CONFLICT', message, { cause: error, details: { name } })
    }
  }

  /** Clones share the disks of a template from its snapshot on. */
  async function snapshot(id: string, { operationId }: ImageVersion, call: Call): Promise<void> {
    const self = machineReference(id)
    const properties = [{ type: 'VirtualMachine', paths: ['name', 'snapshot.currentSnapshot'] }]
    const [found] = await retrieve(session, { properties, objects: [{ start: self }] }, call)
    if (found !== undefined && propertyText(found, 'snapshot.currentSnapshot') !== undefined) return
    const content = `${textElement('name', SNAPSHOT)}<memory>false</memory><quiesce>false</quiesce>`
    await perform({ method: 'CreateSnapshot_Task', self, content, operationId }, call)
  }

  async function mark(owned: OwnedMachine, as: ImageVersion, call: Call): Promise<void> {
    const { id, config } = checkOwned(await reader.read(owned.id, call.signal), owned)
    const { hostKeys, keptHostKeys } = config
    const values = {
      [KEYS.image]: writeImageMark(as, config.instanceUuid),
      [KEYS.marker]: '',
      [KEYS.networks]: '',
      [KEYS.addresses]: '',
      [KEYS.hostname]: '',
      [KEYS.imageHostKeys]: (hostKeys.length > 0 ? hostKeys : keptHostKeys).join('\n'),
      [KEYS.hostKeys]: '',
      [KEYS.keptHostKeys]: '',
    }
    const { changeVersion } = config
    await reconfigure(perform, { id, values, changeVersion, operationId: as.operationId }, call)
  }

  async function complete(id: string, { operationId }: ImageVersion, call: Call): Promise<string> {
    await sendChange(session, { method: 'MarkAsTemplate', self: machineReference(id), operationId }, call)
    return id
  }

  return async (owned, as, call) => {
    const { machines } = await fleet.all(call)
    const found = findVersion(machines, as)
    switch (found.state) {
      case 'published':
        return found.image
      case 'begun':
        return await complete(found.image, as, call)
      case 'taken':
        throw new VmunitError(
          'ERR_CONFLICT',
          `Version ${as.version} of ${as.template} was published by ${found.operationId}: publish the next one.`,
          { details: { image: found.image, operationId: found.operationId } },
        )
      case 'none':
    }
    const machine = checkOwned(await reader.read(owned.id, call.signal), owned)
    if (machine.power !== 'off') {
      throw new VmunitError(
        'ERR_WRONG_STATE',
        `Machine ${machine.name} (${machine.id}) is not off: shut it down first.`,
        {
          details: { machine: machine.id, power: machine.power },
        },
      )
    }
    await rename(machine, as, call)
    await snapshot(machine.id, as, call)
    await mark(owned, as, call)
    return await complete(machine.id, as, call)
  }
}
