import { VmunitError } from '../errors.ts'

/**
 * A shell script as text in which each character stands for one byte (latin1), because arguments and paths need
 * not be UTF-8. {@link scriptBytes} makes the bytes of it.
 */
export type ShellText = string

/**
 * Quotes a word so that every POSIX shell gives back exactly its bytes.
 *
 * @throws VmunitError `ERR_INVALID_INPUT` for a NUL byte, which no program can be given.
 */
export function quote(word: string | Uint8Array): ShellText {
  const text = Buffer.from(word as string).toString('latin1')
  if (text.includes('\0')) {
    throw new VmunitError('ERR_INVALID_INPUT', 'A NUL byte cannot be given to a program. Take it out.')
  }
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** The bytes of a script. */
export function scriptBytes(script: ShellText): Buffer {
  return Buffer.from(script, 'latin1')
}
