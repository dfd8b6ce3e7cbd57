import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

export interface RollingFileOptions {
  readonly file: string
  readonly maxBytes: number
  /** How many files there are at most, the one that is written among them. */
  readonly files: number
}

export interface RollingFile {
  /** Appends a whole line, in a new file when the present one would grow too large; says whether it could. */
  write(line: string): boolean
  close(): void
}

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND

/**
 * Opens a log that rolls: `manager.log` is written, `manager.log.1` is the one before, and the oldest is removed.
 *
 * Each line is with the operating system when `write` returns, so that what a process said last survives it.
 */
export function openRollingFile({ file, maxBytes, files }: RollingFileOptions): RollingFile {
  mkdirSync(dirname(file), { recursive: true })
  let handle = openSync(file, 'a', 0o600)
  let size = fstatSync(handle).size
  let isOpen = true

  function roll(): void {
    const next = openSync(`${file}.new`, NEW_FILE, 0o600)
    try {
      shift()
    } catch (error) {
      closeSync(next)
      throw error
    }
    closeSync(handle)
    handle = next
    size = 0
  }

  function shift(): void {
    rmSync(numbered(file, files - 1), { force: true })
    for (let number = files - 2; number >= 0; number -= 1) {
      const from = numbered(file, number)
      if (existsSync(from)) renameSync(from, numbered(file, number + 1))
    }
    renameSync(`${file}.new`, file)
  }

  function append(bytes: Buffer): void {
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(handle, bytes, written)
    } catch (error) {
      // On a full disk a part of the line may have been written, and the next one would go on there.
      ftruncateSync(handle, size)
      throw error
    }
    size += bytes.length
  }

  return {
    write(line) {
      if (!isOpen) return false
      const bytes = Buffer.from(line)
      try {
        if (size > 0 && size + bytes.length > maxBytes) roll()
        append(bytes)
        return true
      } catch {
        return false
      }
    },
    close() {
      if (!isOpen) return
      isOpen = false
      closeSync(handle)
    },
  }
}

function numbered(file: string, number: number): string {
  return number === 0 ? file : `${file}.${number}`
}
