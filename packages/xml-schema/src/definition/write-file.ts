import { createHash } from 'node:crypto'
import { mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type DefinitionFile, type DefinitionSource, VmunitError } from '@vmunit/core'
import { BALANCER_FILE, isPropertyFile } from './property-files.ts'

export interface FileOf {
  readonly definition: DefinitionSource
  readonly file: DefinitionFile
}

/**
 * Writes one file of a definition, as long as its bytes are those of its hash.
 *
 * @throws {@link VmunitError} `ERR_CONFLICT` when they are not.
 */
export async function writeFileOf(
  directory: string,
  { definition, file }: FileOf,
  signal: AbortSignal | undefined,
): Promise<void> {
  const hash = createHash('sha256')
  async function* hashed(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of definition.read(file.path, { signal })) {
      signal?.throwIfAborted()
      hash.update(chunk)
      yield chunk
    }
  }
  await writeBytes(join(directory, file.path), hashed(), modeOf(file))
  if (hash.digest('hex') === file.hash) return
  throw new VmunitError(
    'ERR_CONFLICT',
    `${file.path} is not what its hash says; read or import the definition again.`,
    {
      details: { path: file.path },
    },
  )
}

/** Writes a new file and makes it durable; its directories are made. */
export async function writeBytes(
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  mode = PLAIN,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await using file = await open(path, 'wx', mode)
  for await (const chunk of chunks) await file.writeFile(chunk)
  // Whatever the umask says.
  await file.chmod(mode)
  await file.sync()
}

const PLAIN = 0o644

function modeOf({ path, executable }: DefinitionFile): number {
  if (isPropertyFile(path) && path.endsWith(`/${BALANCER_FILE}`)) return 0o600
  return executable ? 0o755 : PLAIN
}
