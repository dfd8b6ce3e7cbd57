import { randomBytes } from 'node:crypto'
import { lstat, mkdir, readdir, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { type DefinitionSource, isSafePath, VmunitError } from '@vmunit/core'
import { quote } from '../issues.ts'
import { propertyFilesOf } from './property-texts.ts'
import { systemErrorCode } from './system-error.ts'
import { writeBytes, writeFileOf } from './write-file.ts'

export interface WriteDefinitionOptions {
  readonly signal?: AbortSignal | undefined
}

/**
 * Writes a definition as a directory, which reads back as the same tiers and files.
 *
 * The directory must not exist, or be empty. It appears as a whole or not at all: everything is written into a directory
 * beside it first, verified against the hashes, flushed to disk and renamed. Tiers whose property files the definition does
 * not have get them. `tierlb.properties`, which holds a password, is readable for its owner only.
 *
 * @throws {@link VmunitError} `ERR_CONFLICT` when the directory is not empty, or the content is not what its hash says;
 * `ERR_INVALID_INPUT` when it cannot be written there; what the source rejects with.
 *
 * @example
 * ```ts
 * import { writeDefinition } from '@vmunit/xml-schema'
 *
 * await writeDefinition(await manager.definitions.export('gyoumu_a'), './definition')
 * ```
 */
export async function writeDefinition(
  definition: DefinitionSource,
  directory: string,
  options: WriteDefinitionOptions = {},
): Promise<void> {
  if (typeof directory !== 'string') throw new TypeError(`The directory must be a string, not ${typeof directory}.`)
  const { signal } = options
  signal?.throwIfAborted()
  const generated = propertyFilesOf(definition)
  for (const { path } of definition.files) {
    if (isSafePath(path)) continue
    throw new VmunitError(
      'ERR_INVALID_INPUT',
      `The definition has a file ${quote(path)} outside of it; leave it out.`,
      {
        details: { path },
      },
    )
  }
  try {
    const target = await emptyTarget(directory)
    const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`)
    try {
      await mkdir(temporary)
      for (const file of definition.files) await writeFileOf(temporary, { definition, file }, signal)
      for (const { path, text } of generated) await writeBytes(join(temporary, path), [Buffer.from(text, 'latin1')])
      signal?.throwIfAborted()
      await rename(temporary, target)
    } finally {
      await rm(temporary, { recursive: true, force: true })
    }
  } catch (error) {
    throw explained(error, directory)
  }
}

/** Where the directory is to be; a link to an empty directory stays a link. */
async function emptyTarget(directory: string): Promise<string> {
  const path = resolve(directory)
  try {
    await lstat(path)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return path
    throw error
  }
  const target = await realpath(path)
  if ((await readdir(target)).length === 0) return target
  throw occupied(directory)
}

function explained(error: unknown, directory: string): unknown {
  const code = systemErrorCode(error)
  if (code === undefined) return error
  if (code === 'ENOTEMPTY' || code === 'EEXIST') return occupied(directory, error)
  const message = `The definition cannot be written to ${quote(directory)} (${code}); check the path and its permissions.`
  return new VmunitError('ERR_INVALID_INPUT', message, { cause: error, details: { directory, code } })
}

function occupied(directory: string, cause?: unknown): VmunitError<'ERR_CONFLICT'> {
  const message = `The directory ${quote(directory)} is not empty; name one that is, or that does not exist.`
  return new VmunitError('ERR_CONFLICT', message, { cause, details: { directory } })
}
