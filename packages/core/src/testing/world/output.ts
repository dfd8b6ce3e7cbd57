import type { ExecResult } from '../../ports/guest-access.ts'

const KEPT_BYTES = 64 * 1024

/** Collects what a process writes. */
export interface Output {
  out(text: string | Uint8Array): void
  err(text: string | Uint8Array): void
  result(exitCode: number): ExecResult
}

/** Creates an empty output. */
export function createOutput(): Output {
  const stdout: Uint8Array[] = []
  const stderr: Uint8Array[] = []
  return {
    out: (text) => void stdout.push(bytesOf(text)),
    err: (text) => void stderr.push(bytesOf(text)),
    result(exitCode) {
      const [out, err] = [shorten(stdout), shorten(stderr)]
      return { exitCode, stdout: out.bytes, stderr: err.bytes, droppedBytes: out.dropped + err.dropped }
    },
  }
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text
}

function shorten(parts: readonly Uint8Array[]): { readonly bytes: Uint8Array; readonly dropped: number } {
  const all = joinBytes(parts)
  const dropped = Math.max(0, all.length - KEPT_BYTES)
  if (dropped === 0) return { bytes: all, dropped }
  const half = KEPT_BYTES / 2
  return { bytes: joinBytes([all.subarray(0, half), all.subarray(all.length - half)]), dropped }
}

/** Puts byte arrays one after another. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
