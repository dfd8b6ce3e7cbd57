import { propertyText } from '../../packages/driver-vsphere/src/properties/property-object.ts'
import { retrieveAs } from '../../packages/driver-vsphere/src/properties/retrieve.ts'
import { FOLDER_PROPERTIES, wholeTree } from '../../packages/driver-vsphere/src/properties/tree.ts'
import type { Session } from '../../packages/driver-vsphere/src/session/session.ts'

/** What a list of machines shows at least. */
export const FOUR_PROPERTIES = ['name', 'runtime.powerState', 'config.instanceUuid', 'guest.ipAddress'] as const

/** Reads four properties of every machine by what the driver reads its whole inventory by; says how many there are. */
export async function readFourProperties(session: Session): Promise<number> {
  const { rootFolder } = await session.content()
  const machines = { type: 'VirtualMachine', paths: FOUR_PROPERTIES }
  const query = { properties: [machines, FOLDER_PROPERTIES], objects: [wholeTree(rootFolder)] }
  const read = await retrieveAs(session, query, {
    convert: (object) =>
      object.reference.type === 'VirtualMachine'
        ? FOUR_PROPERTIES.map((path) => propertyText(object, path))
        : undefined,
  })
  return read.filter((machine) => machine !== undefined).length
}
