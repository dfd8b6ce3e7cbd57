import { createHash } from 'node:crypto'
import { type Call, type DefinitionFile, VmunitError } from '@vmunit/core'
import { ChangedFileError, readChunks } from './read-chunks.ts'

/**
 * The bytes of a file of a definition, as long as they are the ones that were hashed.
 *
 * The last chunk is given only when the hash of all is right, so nobody ever gets the whole of a file that has changed.
 */
export async function* readVerified(
  path: string,
  file: DefinitionFile,
  { signal, onProgress }: Call,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256')
  let held: Uint8Array | undefined
  let givenBytes = 0
  try {
    for await (const chunk of readChunks(path, file.sizeBytes, signal)) {
      hash.update(chunk)
      if (held !== undefined) {
        yield held
        givenBytes += held.byteLength
        onProgress?.(givenBytes / file.sizeBytes)
      }
      held = chunk
    }
  } catch (error) {
    throw error instanceof ChangedFileError ? changed(file, error) : error
  }
  if (hash.digest('hex') !== file.hash) throw changed(file)
  if (held !== undefined) yield held
  onProgress?.(1)
}

function changed({ path }: DefinitionFile, cause?: unknown): VmunitError<'ERR_CONFLICT'> {
  const message = `${path} changed after the definition directory was read; read the directory again.`
  return new VmunitError('ERR_CONFLICT', message, { cause, details: { path } })
}
