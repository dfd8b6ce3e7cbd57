import { closeSync, existsSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

export interface RollingFileOptions {
  readonly file: string
  readonly maxBytes: number
  /** How many files there are at most, the one that is written among them. */
  readonly files: number
}

export interface RollingFile {
  /** Appends a whole line, in a new file when the present one would grow too large. */
  write(line: string): void
  close(): void
}

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
    closeSync(handle)
    rmSync(numbered(file, files - 1), { force: true })
    for (let number = files - 2; number >= 0; number -= 1) {
      const from = numbered(file, number)
      if (existsSync(from)) renameSync(from, numbered(file, number + 1))
    }
    handle = openSync(file, 'w', 0o600)
    size = 0
  }

  return {
    write(line) {
      if (!isOpen) return
      const bytes = Buffer.from(line)
      if (size > 0 && size + bytes.length > maxBytes) roll()
      for (let written = 0; written < bytes.length; ) written += writeSync(handle, bytes, written)
      size += bytes.length
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
