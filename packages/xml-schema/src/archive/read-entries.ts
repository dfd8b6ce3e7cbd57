import { isSafePath } from '@vmunit/core'
import { quote } from '../issues.ts'

/** An entry of a central directory. */
export interface ArchiveEntry {
  readonly name: string
  /** Where its local header begins. */
  readonly at: number
  /** What it occupies at least, header included. */
  readonly packedBytes: number
  readonly unpackedBytes: number
}

const HEADER_BYTES = 46
const LOCAL_HEADER_BYTES = 30
const SIGNATURE = 0x02014b50

const STORED = 0
const DEFLATED = 8

/** Encrypted, or its header masked. */
const ENCRYPTED = 0x2001

const UNIX = 3
const TYPE_OF_FILE = 0o170000
const SYMBOLIC_LINK = 0o120000

/** The entries of a central directory, which has `count` of them, or what is wrong with one of them. */
export function readEntries(directory: Buffer, count: number): readonly ArchiveEntry[] | string {
  const entries: ArchiveEntry[] = []
  let at = 0
  while (at < directory.byteLength) {
    const left = directory.byteLength - at
    if (left < HEADER_BYTES || directory.readUInt32LE(at) !== SIGNATURE) return DAMAGED
    const nameBytes = directory.readUInt16LE(at + 28)
    const bytes = HEADER_BYTES + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
    if (left < bytes) return DAMAGED
    const entry = readEntry(directory.subarray(at, at + bytes), nameBytes)
    if (typeof entry === 'string') return entry
    entries.push(entry)
    at += bytes
  }
  return entries.length === count ? entries : DAMAGED
}

const DAMAGED = 'the directory of the archive is damaged'

function readEntry(header: Buffer, nameBytes: number): ArchiveEntry | string {
  const flags = header.readUInt16LE(8)
  const method = header.readUInt16LE(10)
  const packedBytes = header.readUInt32LE(20)
  const unpackedBytes = header.readUInt32LE(24)
  const name = decodeName(header.subarray(HEADER_BYTES, HEADER_BYTES + nameBytes))
  const path = name.endsWith('/') ? name.slice(0, -1) : name
  if (!isSafePath(path)) return `the entry ${quote(name)} would be unpacked outside of its directory`
  if ((flags & ENCRYPTED) !== 0) return `the entry ${quote(name)} is encrypted`
  if (isLink(header)) return `the entry ${quote(name)} is a symbolic link`
  if (method !== STORED && method !== DEFLATED) {
    return `the entry ${quote(name)} is packed by method ${method}, only deflate is accepted`
  }
  if (method === STORED && packedBytes !== unpackedBytes) return `the sizes of the entry ${quote(name)} contradict`
  const at = header.readUInt32LE(42)
  return { name, at, packedBytes: LOCAL_HEADER_BYTES + nameBytes + packedBytes, unpackedBytes }
}

/**
 * Few tools say which encoding their names have, and most write UTF-8. In the code pages of the others, bytes from 0x80
 * on are letters and never control characters; which letters they are does not matter here.
 */
function decodeName(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return bytes.toString('latin1').replace(/[\x80-\x9f]/g, (byte) => String.fromCharCode(0x100 + byte.charCodeAt(0)))
  }
}

function isLink(header: Buffer): boolean {
  return header.readUInt8(5) === UNIX && (header.readUInt16LE(40) & TYPE_OF_FILE) === SYMBOLIC_LINK
}
