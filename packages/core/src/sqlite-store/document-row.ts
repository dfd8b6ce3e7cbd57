import { VmunitError } from '../errors/index.ts'
import type { Stored } from '../ports/index.ts'
import { documentChecksum } from './checksum.ts'

/** A document as it is stored; `value` is canonical JSON. */
export interface DocumentRow {
  readonly key: string
  readonly revision: number
  readonly value: string
  readonly checksum: string
}

/** The document, if it fits its checksum. */
export function verifiedDocument({ key, revision, value, checksum }: DocumentRow, path: string): Stored {
  if (documentChecksum(key, revision, value) === checksum) return { key, revision, value: JSON.parse(value) }
  throw new VmunitError(
    'ERR_STORE_DAMAGED',
    `Document ${key} of the store ${path} does not fit its checksum: restore a backup.`,
    { details: { path, key } },
  )
}

/** Sound records in a damaged order would be read again and again. */
export function assertAscending(previous: string | undefined, key: string, path: string): void {
  if (previous === undefined || Buffer.compare(Buffer.from(previous), Buffer.from(key)) < 0) return
  throw new VmunitError(
    'ERR_STORE_DAMAGED',
    `${key} stands after ${previous} in the store ${path}, where it does not belong: restore a backup.`,
    { details: { path, key } },
  )
}
