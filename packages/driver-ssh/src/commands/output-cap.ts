/** Collects output in bounded memory. */
export interface OutputCap {
  push(chunk: Uint8Array): void
  /** Head and tail, or all of it. */
  bytes(): Buffer
  /** How much is missing between head and tail. */
  dropped(): number
}

/** How much of the beginning, and how much of the end, of an output is kept. */
export const KEPT_BYTES = 65_536

/** Keeps the first and the last bytes of an output. Copies them: a chunk may be a small part of a large buffer. */
export function createOutputCap(kept: number = KEPT_BYTES): OutputCap {
  let head = Buffer.alloc(0)
  let headLength = 0
  let ring: Buffer | undefined
  let total = 0

  function pushHead(chunk: Uint8Array): Uint8Array {
    const part = chunk.subarray(0, kept - headLength)
    if (headLength + part.length > head.length) {
      const larger = Buffer.alloc(Math.min(kept, Math.max(1_024, 2 * (headLength + part.length))))
      head.copy(larger, 0, 0, headLength)
      head = larger
    }
    head.set(part, headLength)
    headLength += part.length
    return chunk.subarray(part.length)
  }

  function pushTail(chunk: Uint8Array): void {
    ring ??= Buffer.alloc(kept)
    const part = chunk.subarray(Math.max(0, chunk.length - kept))
    const end = (total - headLength) % kept
    const start = (end - part.length + kept) % kept
    const first = Math.min(part.length, kept - start)
    ring.set(part.subarray(0, first), start)
    ring.set(part.subarray(first), 0)
  }

  function tail(): Buffer {
    const length = total - headLength
    if (ring === undefined) return Buffer.alloc(0)
    if (length <= kept) return ring.subarray(0, length)
    const end = length % kept
    return Buffer.concat([ring.subarray(end), ring.subarray(0, end)])
  }

  return {
    push(chunk) {
      total += chunk.length
      const rest = headLength < kept ? pushHead(chunk) : chunk
      if (rest.length > 0) pushTail(rest)
    },
    bytes: () => Buffer.concat([head.subarray(0, headLength), tail()]),
    dropped: () => Math.max(0, total - headLength - kept),
  }
}
