import { Buffer } from 'node:buffer'

/** A file of an archive that we put together ourselves; its name is plain ASCII and at most 100 bytes long. */
export interface ArchiveEntry {
  readonly name: string
  readonly bytes: Uint8Array
}

const BLOCK = 512

/** A tar archive in ustar format. */
export function* tarArchive(entries: Iterable<ArchiveEntry>, time: number): Generator<Uint8Array, void, undefined> {
  for (const { name, bytes } of entries) {
    yield headerOf(name, bytes.length, time)
    yield bytes
    yield new Uint8Array((BLOCK - (bytes.length % BLOCK)) % BLOCK)
  }
  yield new Uint8Array(2 * BLOCK)
}

function headerOf(name: string, size: number, time: number): Uint8Array {
  const header = Buffer.alloc(BLOCK)
  header.write(name, 0, 100)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${octal(size)}\0`, 124)
  header.write(`${octal(Math.floor(time / 1000))}\0`, 136)
  header.write('        0', 148)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

function octal(value: number): string {
  return value.toString(8).padStart(11, '0')
}
