import { propertyText } from '../../packages/driver-vsphere/src/properties/property-object.ts'
import { retrieveAs } from '../../packages/driver-vsphere/src/properties/retrieve.ts'
import { FOLDER_PROPERTIES, wholeTree } from '../../packages/driver-vsphere/src/properties/tree.ts'
import { createSession, type SessionOptions } from '../../packages/driver-vsphere/src/session/session.ts'

/** What a list of machines shows at least. */
const PATHS = ['name', 'runtime.powerState', 'config.instanceUuid', 'guest.ipAddress']

/**
 * Reads four properties of every machine, in a session of its own, by what the driver reads its whole inventory by; says
 * how many machines there are.
 */
export async function readFourProperties(options: Pick<SessionOptions, 'transport' | 'credentials'>): Promise<number> {
  const session = createSession({ ...options, timeoutMs: 60_000, keepAliveMs: 240_000 })
  try {
    const { rootFolder } = await session.content()
    const machines = { type: 'VirtualMachine', paths: PATHS }
    const query = { properties: [machines, FOLDER_PROPERTIES], objects: [wholeTree(rootFolder)] }
    const read = await retrieveAs(session, query, {
      convert: (object) =>
        object.reference.type === 'VirtualMachine' ? PATHS.map((path) => propertyText(object, path)) : undefined,
    })
    return read.filter((machine) => machine !== undefined).length
  } finally {
    await session.close()
  }
}
