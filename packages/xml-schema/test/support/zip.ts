import { deflateRawSync } from 'node:zlib'

export interface ZipEntry {
  readonly name: string
  /** Instead of the UTF-8 of the name. */
  readonly nameBytes?: Uint8Array
  readonly content?: string | Uint8Array
  /** Default: deflated. */
  readonly stored?: boolean
  /** Bytes that are written over the entry's record in the central directory, by offset. */
  readonly damage?: Readonly<Record<number, number>>
}

export interface ZipOptions {
  readonly comment?: string
  /** Bytes that are written over the end record, by offset. */
  readonly damage?: Readonly<Record<number, number>>
  /** Before the first entry. */
  readonly prefix?: string
}

/** A ZIP archive, or something that is nearly one. */
export function zipOf(
  entries: readonly ZipEntry[],
  { comment = '', damage = {}, prefix = '' }: ZipOptions = {},
): Buffer {
  const parts: Buffer[] = [Buffer.from(prefix)]
  const records: Buffer[] = []
  let at = prefix.length
  for (const entry of entries) {
    const { name, content = '', stored = false } = entry
    const nameBytes = Buffer.from(entry.nameBytes ?? name)
    const plain = Buffer.from(content)
    const packed = stored ? plain : deflateRawSync(plain)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(entry.nameBytes === undefined ? 0x0800 : 0, 2)
    common.writeUInt16LE(stored ? 0 : 8, 4)
    common.writeUInt32LE(packed.byteLength, 14)
    common.writeUInt32LE(plain.byteLength, 18)
    common.writeUInt16LE(nameBytes.byteLength, 22)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, nameBytes, packed])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(at, 10)
    const record = Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0003'), common, tail, nameBytes])
    records.push(over(record, entry.damage))
    parts.push(local)
    at += local.byteLength
  }
  const directory = Buffer.concat(records)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(directory.byteLength, 8)
  end.writeUInt32LE(at, 12)
  end.writeUInt16LE(Buffer.byteLength(comment), 16)
  const last = over(Buffer.concat([Buffer.from('PK\u0005\u0006'), end]), damage)
  return Buffer.concat([...parts, directory, last, Buffer.from(comment)])
}

function over(bytes: Buffer, damage: Readonly<Record<number, number>> = {}): Buffer {
  for (const [offset, value] of Object.entries(damage)) bytes.writeUInt8(value, Number(offset))
  return bytes
}
