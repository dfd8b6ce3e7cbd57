import { createHash } from 'node:crypto'
import { readChunks } from './read-chunks.ts'

export interface FileDigest {
  /** SHA-256 in hexadecimal. */
  readonly hash: string
  /** The first bytes, as many as were asked for or as there are: what is looked at is what was hashed. */
  readonly start: Uint8Array
  /** The last bytes, likewise. */
  readonly end: Uint8Array
}

export interface DigestOptions {
  readonly sizeBytes: number
  readonly keepBytes: number
  /** Default 0. */
  readonly keepEndBytes?: number | undefined
  readonly signal: AbortSignal | undefined
}

/** Hashes a file without holding it in memory. */
export async function digestFile(path: string, options: DigestOptions): Promise<FileDigest> {
  const { sizeBytes, keepBytes, keepEndBytes = 0, signal } = options
  const hash = createHash('sha256')
  const kept: Uint8Array[] = []
  const ends: Uint8Array[] = []
  const endsAt = sizeBytes - keepEndBytes
  let keptBytes = 0
  let readBytes = 0
  for await (const chunk of readChunks(path, sizeBytes, signal)) {
    hash.update(chunk)
    readBytes += chunk.byteLength
    if (readBytes > endsAt) ends.push(chunk.subarray(Math.max(0, endsAt - readBytes + chunk.byteLength)))
    if (keptBytes >= keepBytes) continue
    kept.push(chunk.subarray(0, keepBytes - keptBytes))
    keptBytes += chunk.byteLength
  }
  return { hash: hash.digest('hex'), start: Buffer.concat(kept), end: Buffer.concat(ends) }
}
