import { VmunitError } from '../errors.ts'
import type { Reference } from '../properties/reference.ts'
import { referenceOf } from '../properties/reference-of.ts'
import type { Session } from '../session/session.ts'
import { textElement } from '../soap/element.ts'
import { encodeName } from './entity-name.ts'

/** A name as a person gives it. */
export interface NamedThing {
  /** Inventory path, beginning with a slash, or managed object id. */
  readonly name: string
  /** The type of what an id stands for. */
  readonly type: string
  /** What it is for, for errors. */
  readonly role: string
}

/**
 * The managed object that a path or an id names. An id is taken as it is: whether it exists shows when it is used.
 *
 * @throws VmunitError `ERR_NOT_FOUND` when nothing is at a path.
 */
export async function resolveReference(
  session: Session,
  { name, type, role }: NamedThing,
  signal?: AbortSignal,
): Promise<Reference> {
  if (!name.startsWith('/')) return { type, id: name }
  const { searchIndex: self } = await session.content(signal)
  const content = textElement('inventoryPath', name.slice(1))
  const found = await session.call({ method: 'FindByInventoryPath', self, content, isRead: true, signal })
  if (found !== undefined && found.text !== '') return referenceOf(found)
  throw new VmunitError('ERR_NOT_FOUND', `There is nothing at ${name}, which is named as ${role}: check the path.`, {
    details: { path: name, role },
  })
}

/** The machine of a name directly in a folder; undefined when there is none. */
export async function findChild(
  session: Session,
  { folder, name }: { readonly folder: Reference; readonly name: string },
  options: { readonly signal?: AbortSignal | undefined; readonly operationId?: string | undefined } = {},
): Promise<Reference | undefined> {
  const { searchIndex: self } = await session.content(options.signal)
  const content = `<entity type="Folder">${folder.id}</entity>${textElement('name', encodeName(name))}`
  const found = await session.call({ ...options, method: 'FindChild', self, content, isRead: true })
  return found === undefined || found.text === '' ? undefined : referenceOf(found)
}
