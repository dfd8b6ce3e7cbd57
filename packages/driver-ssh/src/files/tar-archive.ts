/** A file as it goes into an archive. */
export interface TarFile {
  readonly path: string
  readonly sizeBytes: number
  readonly executable: boolean
}

const BLOCK = 512

/** A name of 100 bytes is as long as a header holds; a longer one stands in an entry of its own, as GNU tar does it. */
const NAME_BYTES = 100

/** The header of a file, with an entry for its name before it where that is too long. Owned by root, if root unpacks it. */
export function tarHeader({ path, sizeBytes, executable }: TarFile, mtimeMs: number): Buffer {
  const name = Buffer.from(path)
  const fields = { sizeBytes, mode: executable ? 0o755 : 0o644, mtimeMs, type: '0' }
  const short = header(name.subarray(0, NAME_BYTES), fields)
  if (name.length <= NAME_BYTES) return short
  const long = Buffer.concat([name, Buffer.alloc(1)])
  const longHeader = header(Buffer.from('././@LongLink'), { sizeBytes: long.length, mode: 0, mtimeMs: 0, type: 'L' })
  return Buffer.concat([longHeader, long, tarPadding(long.length), short])
}

/** What fills the last block of a file. */
export function tarPadding(sizeBytes: number): Buffer {
  return Buffer.alloc((BLOCK - (sizeBytes % BLOCK)) % BLOCK)
}

/** The end of an archive, as long as tar reads at once: whoever waits for more would wait for ever. */
export function tarEnd(writtenBytes: number): Buffer {
  const record = 20 * BLOCK
  return Buffer.alloc(2 * BLOCK + ((record - ((writtenBytes + 2 * BLOCK) % record)) % record))
}

interface Fields {
  readonly sizeBytes: number
  readonly mode: number
  readonly mtimeMs: number
  readonly type: string
}

function header(name: Uint8Array, { sizeBytes, mode, mtimeMs, type }: Fields): Buffer {
  const block = Buffer.alloc(BLOCK)
  block.set(name, 0)
  block.write(octal(mode, 7), 100)
  block.write(octal(0, 7), 108)
  block.write(octal(0, 7), 116)
  block.set(sizeField(sizeBytes), 124)
  block.write(octal(Math.floor(mtimeMs / 1_000), 11), 136)
  block.write(' '.repeat(8), 148)
  block.write(type, 156)
  block.write('ustar  \0', 257)
  let sum = 0
  for (const byte of block) sum += byte
  block.write(`${octal(sum, 6)}\0 `, 148)
  return block
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}

/** Eleven octal digits hold 8 GiB; what is larger stands as a binary number, marked by the first bit. */
function sizeField(sizeBytes: number): Buffer {
  const field = Buffer.alloc(12)
  if (sizeBytes < 8 ** 11) {
    field.write(octal(sizeBytes, 11))
  } else {
    field.writeBigUInt64BE(BigInt(sizeBytes), 4)
    field[0] = 0x80
  }
  return field
}
