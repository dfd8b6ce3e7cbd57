import { createHash, type Hash } from 'node:crypto'
import type { Call, Tree, TreeFile } from '@vmunit/core'
import { VmunitError } from '../errors.ts'
import { tarEnd, tarHeader, tarPadding } from './tar-archive.ts'

/** What is sent, and how. */
export interface Sending {
  readonly tree: Tree
  readonly files: readonly TreeFile[]
  /** Whether the bytes are hashed here, because the guest will not do it. */
  readonly hashes: boolean
  /** Resolves when the bytes are no longer needed. */
  readonly write: (bytes: Uint8Array) => Promise<void>
}

/** Small files travel together: as much as sshd lets a client send before it says that there is more room, at most. */
const BATCH_BYTES = 262_144

/**
 * Sends files as a tar archive.
 *
 * @throws VmunitError `ERR_CONFLICT` when the bytes of a file are not those that the tree names.
 */
export async function sendFiles({ tree, files, hashes, write }: Sending, call: Call): Promise<void> {
  const mtimeMs = Date.now()
  const total = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  // Reused for every batch: what `write` has taken is encrypted already.
  const batch = Buffer.allocUnsafeSlow(BATCH_BYTES)
  let filled = 0
  let written = 0
  let sent = 0

  async function put(bytes: Uint8Array): Promise<void> {
    written += bytes.length
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + BATCH_BYTES - filled)
      batch.set(part, filled)
      filled += part.length
      from += part.length
      if (filled === BATCH_BYTES) await flush()
    }
  }

  async function flush(): Promise<void> {
    if (filled > 0) await write(batch.subarray(0, filled))
    filled = 0
  }

  async function putFile(file: TreeFile): Promise<void> {
    const hash: Hash | undefined = hashes ? createHash('sha256') : undefined
    let size = 0
    await put(tarHeader(file, mtimeMs))
    for await (const chunk of tree.read(file.hash, { signal: call.signal })) {
      call.signal?.throwIfAborted()
      size += chunk.length
      if (size > file.sizeBytes) throw otherBytes(file)
      hash?.update(chunk)
      await put(chunk)
      sent += chunk.length
      call.onProgress?.(total === 0 ? 0 : sent / total)
    }
    if (size !== file.sizeBytes) throw otherBytes(file)
    if (hash !== undefined && hash.digest('hex') !== file.hash) throw otherBytes(file)
    await put(tarPadding(size))
  }

  for (const file of files) await putFile(file)
  await put(tarEnd(written))
  await flush()
  call.onProgress?.(1)
}

function otherBytes({ path, hash }: TreeFile): VmunitError {
  return new VmunitError(
    'ERR_CONFLICT',
    `The bytes of ${path} are not those that the tree names, so the old tree stays in place. Read the tree again, then push it.`,
    { details: { path, hash } },
  )
}
