import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { systemErrorCode } from './system-error.ts'

/** A file is not any more what it was when it was listed. */
export class ChangedFileError extends Error {}

/** What opening says of a path that was a file a moment ago: nothing there, a link, below no directory, a socket. */
const GONE: readonly string[] = ['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO']

const CHUNK_BYTES = 256 * 1024

/**
 * The bytes of a regular file that has `sizeBytes` of them. Its path is a real one.
 *
 * @throws {@link ChangedFileError} when the file is gone, is something else, or has more or fewer bytes.
 */
export async function* readChunks(
  path: string,
  sizeBytes: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted()
  await using file = await openRegular(path)
  let total = 0
  for (;;) {
    // One byte more than is left, to notice when the file has grown.
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, sizeBytes - total + 1))
    const { bytesRead } = await file.read(buffer)
    signal?.throwIfAborted()
    if (bytesRead === 0) break
    total += bytesRead
    if (total > sizeBytes) break
    yield buffer.subarray(0, bytesRead)
  }
  if (total !== sizeBytes) throw new ChangedFileError('The size is another one.')
}

async function openRegular(path: string): Promise<Awaited<ReturnType<typeof open>>> {
  // A link or a pipe may have been put in place of the file: the one is not followed, the other is not waited for.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  try {
    const file = await open(path, flags)
    // A link in the place of a directory above it is followed all the same.
    if ((await file.stat()).isFile() && (await realpath(path).catch(() => '')) === path) return file
    await file.close()
  } catch (error) {
    const replaced = GONE.includes(systemErrorCode(error) ?? '')
    throw replaced ? new ChangedFileError('The file is gone or replaced.', { cause: error }) : error
  }
  throw new ChangedFileError('It is no regular file, or behind a link.')
}
