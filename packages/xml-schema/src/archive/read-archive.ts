import { quote } from '../issues.ts'
import { type ArchiveEntry, readEntries } from './read-entries.ts'

/** How much of its end an archive is judged by: its directory, its end record and a comment. */
export const ARCHIVE_END_BYTES = 4 * 1024 * 1024

/** What an archive may unpack to. */
const MAX_UNPACKED_BYTES = 4 * 1024 ** 3

const END_BYTES = 22
const END_SIGNATURE = 0x06054b50
const ZIP64_LOCATOR = 0x07064b50

/** The end of a file, and the size of the whole. */
export interface ArchiveEnd {
  readonly bytes: Uint8Array
  readonly sizeBytes: number
}

/**
 * Reads the central directory of a ZIP archive: the names in it, or what is wrong with it, as a phrase.
 *
 * Nothing is unpacked. Refused beside what is damaged: what unpacks outside of its directory, encrypted, overlapping or
 * too large entries, and archives in several parts or with 64-bit records.
 */
export function readArchive({ bytes, sizeBytes }: ArchiveEnd): ReadonlySet<string> | string {
  const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const at = findEnd(end)
  if (at === -1) return 'the archive has no end (was it copied completely?)'
  const count = end.readUInt16LE(at + 10)
  const directoryBytes = end.readUInt32LE(at + 12)
  const directoryAt = end.readUInt32LE(at + 16)
  const hasLocator = at >= 20 && end.readUInt32LE(at - 20) === ZIP64_LOCATOR
  if (hasLocator || count === 0xffff || directoryBytes === 0xffffffff || directoryAt === 0xffffffff) {
    return 'archives with 64-bit records are not accepted (pack fewer or smaller files)'
  }
  const isOnePart = end.readUInt32LE(at + 4) === 0 && end.readUInt16LE(at + 8) === count
  if (!isOnePart) return 'archives in several parts are not accepted'
  if (directoryBytes > at) return 'the directory of the archive is too large, or damaged'
  const before = sizeBytes - bytes.byteLength
  if (directoryAt + directoryBytes !== before + at) return 'the directory of the archive is not where its end says'
  if (count === 0) return 'the archive is empty'
  const entries = readEntries(end.subarray(at - directoryBytes, at), count)
  return typeof entries === 'string' ? entries : (checkEntries(entries, directoryAt) ?? namesOf(entries))
}

/** The end record is the last one whose comment reaches exactly to the end of the file. */
function findEnd(end: Buffer): number {
  const first = Math.max(0, end.byteLength - END_BYTES - 0xffff)
  for (let at = end.byteLength - END_BYTES; at >= first; at -= 1) {
    if (end.readUInt32LE(at) !== END_SIGNATURE) continue
    if (at + END_BYTES + end.readUInt16LE(at + 20) === end.byteLength) return at
  }
  return -1
}

/** Each entry has its own place before the directory, from the beginning of the file on. */
function checkEntries(entries: readonly ArchiveEntry[], directoryAt: number): string | undefined {
  let unpackedBytes = 0
  let free = 0
  for (const { name, at, packedBytes, unpackedBytes: own } of entries.toSorted((a, b) => a.at - b.at)) {
    if (at < free || (free === 0 && at !== 0)) return `the entry ${quote(name)} is not where it should be`
    free = at + packedBytes
    unpackedBytes += own
    if (free > directoryAt) return `the entry ${quote(name)} is cut off`
  }
  return unpackedBytes > MAX_UNPACKED_BYTES ? `the archive unpacks to more than ${MAX_UNPACKED_BYTES} bytes` : undefined
}

function namesOf(entries: readonly ArchiveEntry[]): ReadonlySet<string> | string {
  const names = new Set<string>()
  for (const { name } of entries) {
    if (names.has(name)) return `the entry ${quote(name)} is there twice`
    names.add(name)
  }
  return names
}
