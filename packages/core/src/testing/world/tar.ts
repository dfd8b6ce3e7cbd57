import type { FileEntry } from './files.ts'
import { joinBytes } from './output.ts'

const BLOCK = 512
const NAME_BYTES = 100
const PREFIX_BYTES = 155

/** A tar archive in ustar format; paths lose their leading slash. */
export function tarOf(files: readonly (readonly [path: string, file: FileEntry])[]): Uint8Array {
  const parts = files.flatMap(([path, file]) => [headerOf(path.replace(/^\/+/, ''), file), padded(file.bytes)])
  return joinBytes([...parts, new Uint8Array(2 * BLOCK)])
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / BLOCK) * BLOCK)
  whole.set(bytes)
  return whole
}

function headerOf(path: string, file: FileEntry): Uint8Array {
  const header = Buffer.alloc(BLOCK)
  const [prefix, name] = splitName(path)
  header.write(name, 0, NAME_BYTES)
  header.write(file.executable ? '0000755\0' : '0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${file.bytes.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write('        0', 148)
  header.write('ustar\x0000', 257)
  header.write(prefix, 345, PREFIX_BYTES)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

/** ustar keeps a long path as two pieces around a slash. */
function splitName(path: string): readonly [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= NAME_BYTES) return ['', path]
  const slash = path.lastIndexOf('/', PREFIX_BYTES)
  return [path.slice(0, Math.max(0, slash)), path.slice(slash + 1)]
}
