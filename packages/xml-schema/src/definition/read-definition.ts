import { realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type DefinitionFile, type DefinitionSource, type Tier, VmunitError } from '@vmunit/core'
import { type FileIssue, issuesError, quote } from '../issues.ts'
import { checkLayout, isApplication, isHook, TIER_FILE, VERSION_FILE } from './check-layout.ts'
import { digestFile } from './digest-file.ts'
import { byPath, type FileEntry, type ListLimits, listEntries } from './list-entries.ts'
import { ChangedFileError } from './read-chunks.ts'
import { MAX_PROPERTY_BYTES, readTier } from './read-tier.ts'
import { readVerified } from './read-verified.ts'
import { systemErrorCode } from './system-error.ts'

export interface ReadDefinitionOptions {
  readonly signal?: AbortSignal | undefined
  /** How many files and directories there may be. Default 20,000. */
  readonly maxFiles?: number | undefined
  /** How many bytes all files together may have. Default 2 GiB. */
  readonly maxBytes?: number | undefined
}

/**
 * Reads and checks a definition directory, and changes nothing.
 *
 * Layout: `<tier>/tier.properties`, `<tier>/version.properties`, `<tier>/app/*.ear|*.zip`, `<tier>/config/**`, and
 * optionally `hook/pre-setup`; anything else is a problem. No symbolic links at all are accepted below the directory,
 * nor special files. All problems are found at once. The files are hashed now and read again when they are asked for:
 * `read` rejects with `ERR_CONFLICT` when a file has changed in between, before it has given the last of it.
 *
 * @throws {@link VmunitError} `ERR_INVALID_DEFINITION` with `details.issues` (path, line, message) when the directory
 * is missing or anything in it is wrong.
 *
 * @example
 * ```ts
 * import { readDefinition } from '@vmunit/xml-schema'
 *
 * const definition = await readDefinition('./definition')
 * console.log(definition.tiers.map((tier) => tier.id), definition.files.length)
 * ```
 */
export async function readDefinition(
  directory: string,
  options: ReadDefinitionOptions = {},
): Promise<DefinitionSource> {
  if (typeof directory !== 'string') throw new TypeError(`The directory must be a string, not ${typeof directory}.`)
  const { signal, maxFiles = 20_000, maxBytes = 2 * 1024 ** 3 } = options
  signal?.throwIfAborted()
  const root = await findDirectory(directory)
  const { tiers, files, issues } = await readContents(root, { signal, maxFiles, maxBytes })
  if (issues.length > 0) {
    throw issuesError('ERR_INVALID_DEFINITION', issues, 'repair the definition directory and import it again')
  }
  const byName = new Map(files.map((file) => [file.path, file]))
  return {
    tiers,
    files,
    async *read(path, call = {}) {
      const file = byName.get(path)
      if (file !== undefined) return yield* readVerified(join(root, path), file, call)
      throw new VmunitError('ERR_NOT_FOUND', `The definition has no file ${quote(path)}; its files are in "files".`)
    },
  }
}

/** The directory itself may be given by a link; it stays the one that was found. */
async function findDirectory(directory: string): Promise<string> {
  try {
    const root = await realpath(directory)
    if ((await stat(root)).isDirectory()) return root
  } catch (error) {
    const what = systemErrorCode(error) === 'ENOENT' ? 'does not exist' : 'cannot be read'
    throw directoryError(directory, `${what}; check the path`, error)
  }
  throw directoryError(directory, 'is not a directory; check the path')
}

function directoryError(directory: string, message: string, cause?: unknown): VmunitError<'ERR_INVALID_DEFINITION'> {
  const issues: readonly FileIssue[] = [{ path: '.', message: `the definition directory ${message}` }]
  const text = `The definition directory ${quote(directory)} ${message}.`
  return new VmunitError('ERR_INVALID_DEFINITION', text, { cause, details: { issues } })
}

interface Contents {
  readonly tiers: readonly Tier[]
  readonly files: readonly DefinitionFile[]
  readonly issues: readonly FileIssue[]
}

async function readContents(root: string, limits: ListLimits): Promise<Contents> {
  const listing = await listEntries(root, limits)
  if (listing.entries.length === 0 && listing.issues.length > 0) return { tiers: [], files: [], issues: listing.issues }
  const layout = checkLayout(listing.entries)
  const issues = [...listing.issues, ...layout.issues]
  const report = (issue: FileIssue): void => {
    issues.push(issue)
  }
  const files: DefinitionFile[] = []
  const properties = new Map<string, Uint8Array>()
  for (const entry of listing.entries) {
    if (entry.kind === 'directory') continue
    const digested = await digestEntry(root, entry, { signal: limits.signal, report })
    if (digested === undefined) continue
    files.push(digested.file)
    properties.set(entry.path, digested.start)
  }
  const tiers = layout.tierIds.flatMap((id) => readTier(id, properties, report) ?? [])
  if (tiers.length === layout.tierIds.length) checkTiers(tiers, report)
  return { tiers, files, issues: issues.toSorted(byPath) }
}

interface Digested {
  readonly file: DefinitionFile
  /** All bytes of a property file. */
  readonly start: Uint8Array
}

async function digestEntry(
  root: string,
  { path, sizeBytes, executable }: FileEntry,
  { signal, report }: { readonly signal: AbortSignal | undefined; readonly report: (issue: FileIssue) => void },
): Promise<Digested | undefined> {
  const isProperties = path.endsWith(`/${TIER_FILE}`) || path.endsWith(`/${VERSION_FILE}`)
  if (isProperties && sizeBytes > MAX_PROPERTY_BYTES) {
    report({ path, message: `the file has ${sizeBytes} bytes, but at most ${MAX_PROPERTY_BYTES} are accepted` })
    return undefined
  }
  try {
    const keepBytes = isProperties ? MAX_PROPERTY_BYTES : 2
    const { hash, start } = await digestFile(join(root, path), { sizeBytes, keepBytes, signal })
    if (isApplication(path) && Buffer.from(start).toString('latin1') !== 'PK') {
      report({ path, message: 'the file is no EAR or ZIP archive: it does not begin with "PK"' })
    }
    return { file: { path, hash, sizeBytes, executable: executable || isHook(path) }, start }
  } catch (error) {
    const changed = error instanceof ChangedFileError
    if (!changed && systemErrorCode(error) === undefined) throw error
    const reason = changed ? 'changed while it was read' : 'cannot be read (check its permissions)'
    report({ path, message: `the file ${reason}` })
    return undefined
  }
}

/** A Web server tier alone serves nobody (spec §2.3). */
function checkTiers(tiers: readonly Tier[], report: (issue: FileIssue) => void): void {
  if (tiers.some(({ type }) => type === 'j2ee-tier')) return
  for (const { id, type } of tiers) {
    if (type === 'http-tier')
      report({ path: `${id}/${TIER_FILE}`, message: 'an http-tier needs a tier of type j2ee-tier beside it' })
  }
}
