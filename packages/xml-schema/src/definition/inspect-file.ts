import { join } from 'node:path'
import type { DefinitionFile } from '@vmunit/core'
import { ARCHIVE_END_BYTES, readArchive } from '../archive/read-archive.ts'
import type { FileIssue } from '../issues.ts'
import { checkXml } from '../xml/check-xml.ts'
import { isAttributesFile } from './check-applications.ts'
import { isApplication, isHook } from './check-layout.ts'
import { digestFile, type FileDigest } from './digest-file.ts'
import type { FileEntry } from './list-entries.ts'
import { isPropertyFile } from './property-files.ts'
import { ChangedFileError } from './read-chunks.ts'
import { MAX_PROPERTY_BYTES } from './read-tier.ts'
import { systemErrorCode } from './system-error.ts'

/** A file of a definition directory, and what was found in it. */
export interface InspectedFile {
  readonly file: DefinitionFile
  /** All bytes of a property file. */
  readonly content?: Uint8Array | undefined
  /** The names in an application archive. */
  readonly names?: ReadonlySet<string> | undefined
}

export interface InspectOptions {
  readonly signal: AbortSignal | undefined
  readonly report: (issue: FileIssue) => void
  /** Whether nothing is looked at: the files are not those of a definition. */
  readonly isOpaque?: boolean | undefined
}

/** Hashes a file and looks at what of its content is ours to judge; undefined when it cannot be read. */
export async function inspectFile(
  root: string,
  { path, sizeBytes, executable }: FileEntry,
  { signal, report, isOpaque = false }: InspectOptions,
): Promise<InspectedFile | undefined> {
  const isWhole = !isOpaque && (isPropertyFile(path) || isAttributesFile(path))
  if (isWhole && sizeBytes > MAX_PROPERTY_BYTES) {
    report({ path, message: `the file has ${sizeBytes} bytes, but at most ${MAX_PROPERTY_BYTES} are accepted` })
    return undefined
  }
  try {
    const keepBytes = isWhole ? MAX_PROPERTY_BYTES : 2
    const keepEndBytes = !isOpaque && isApplication(path) ? ARCHIVE_END_BYTES : 0
    const digest = await digestFile(join(root, path), { sizeBytes, keepBytes, keepEndBytes, signal })
    const file = { path, hash: digest.hash, sizeBytes, executable: executable || isHook(path) }
    if (isOpaque) return { file: { ...file, executable } }
    if (isPropertyFile(path)) return { file, content: digest.start }
    if (isAttributesFile(path)) for (const issue of checkXml(digest.start, path)) report(issue)
    return isApplication(path) ? { file, names: namesIn(path, digest, { sizeBytes, report }) } : { file }
  } catch (error) {
    const changed = error instanceof ChangedFileError
    if (!changed && systemErrorCode(error) === undefined) throw error
    const reason = changed ? 'changed while it was read' : 'cannot be read (check its permissions)'
    report({ path, message: `the file ${reason}` })
    return undefined
  }
}

function namesIn(
  path: string,
  { start, end }: FileDigest,
  { sizeBytes, report }: { readonly sizeBytes: number; readonly report: (issue: FileIssue) => void },
): ReadonlySet<string> | undefined {
  const isArchive = Buffer.from(start).toString('latin1') === 'PK'
  const found = isArchive ? readArchive({ bytes: end, sizeBytes }) : 'it does not begin with "PK"'
  if (typeof found !== 'string') return found
  report({ path, message: isArchive ? found : `the file is no EAR or ZIP archive: ${found}` })
  return undefined
}
