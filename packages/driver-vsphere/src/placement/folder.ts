import { VmunitError } from '../errors.ts'
import { propertyText } from '../properties/property-object.ts'
import type { Reference } from '../properties/reference.ts'
import { retrieve } from '../properties/retrieve.ts'
import type { Session } from '../session/session.ts'
import { resolveReference } from './resolve-reference.ts'

/** The folder that is named, or that of the machines of the only datacenter. */
export async function machineFolder(
  session: Session,
  name: string | undefined,
  signal?: AbortSignal,
): Promise<Reference> {
  if (name !== undefined) return await resolveReference(session, { name, type: 'Folder', role: 'folder' }, signal)
  const { rootFolder } = await session.content(signal)
  const folders = { name: 'folder', type: 'Folder', path: 'childEntity', next: ['folder'] }
  const properties = [
    { type: 'Datacenter', paths: ['name', 'vmFolder'] },
    { type: 'Folder', paths: ['name'] },
  ]
  const found = await retrieve(session, { properties, objects: [{ start: rootFolder, along: [folders] }] }, { signal })
  const datacenters = found.filter(({ reference }) => reference.type === 'Datacenter')
  const [only, ...others] = datacenters
  const id = only === undefined ? undefined : propertyText(only, 'vmFolder')
  if (id !== undefined && others.length === 0) return { type: 'Folder', id }
  const names = datacenters.map((datacenter) => propertyText(datacenter, 'name'))
  throw new VmunitError(
    'ERR_INVALID_INPUT',
    `Machines need a folder: there are ${names.length} datacenters. Pass placement.folder, for example /${names[0] ?? 'DC'}/vm.`,
    { details: { datacenters: names } },
  )
}
