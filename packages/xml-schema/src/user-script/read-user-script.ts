import { join } from 'node:path'
import { type Call, type DefinitionFile, VmunitError } from '@vmunit/core'
import { findDirectory } from '../definition/find-directory.ts'
import { inspectFile } from '../definition/inspect-file.ts'
import { byPath, listEntries } from '../definition/list-entries.ts'
import { readVerified } from '../definition/read-verified.ts'
import { type FileIssue, issuesError, quote } from '../issues.ts'

/** What runs (spec §4.8). */
export const USER_SCRIPT = 'user-script'

/** A user script and the files that it brings with it. */
export interface UserScript {
  /** Ascending by path; one of them is `user-script`, which is executable. */
  readonly files: readonly DefinitionFile[]
  /** The bytes of one of its files, found by path. */
  read(path: string, call?: Call): AsyncIterable<Uint8Array>
}

export interface ReadUserScriptOptions {
  readonly signal?: AbortSignal | undefined
  /** How many files and directories there may be. Default 2,000. */
  readonly maxFiles?: number | undefined
  /** How many bytes all files together may have. Default 256 MiB. */
  readonly maxBytes?: number | undefined
}

/**
 * Reads and checks a user script directory: `user-script` and whatever else it needs, in any layout.
 *
 * Symbolic links and special files are refused, like in a definition directory; all problems are found at once. `read`
 * rejects with `ERR_CONFLICT` when a file has changed in between.
 *
 * @throws {@link VmunitError} `ERR_INVALID_FILE` with `details.issues` when anything in it is wrong.
 */
export async function readUserScript(directory: string, options: ReadUserScriptOptions = {}): Promise<UserScript> {
  if (typeof directory !== 'string') throw new TypeError(`The directory must be a string, not ${typeof directory}.`)
  const { signal, maxFiles = 2_000, maxBytes = 256 * 1024 ** 2 } = options
  signal?.throwIfAborted()
  const root = await findDirectory(directory, { code: 'ERR_INVALID_FILE', what: 'user script directory' })
  const listing = await listEntries(root, { signal, maxFiles, maxBytes })
  const issues: FileIssue[] = [...listing.issues]
  const report = (issue: FileIssue): void => {
    issues.push(issue)
  }
  const files: DefinitionFile[] = []
  for (const entry of listing.entries) {
    if (entry.kind === 'directory') continue
    const inspected = await inspectFile(root, entry, { signal, report, isOpaque: true })
    if (inspected !== undefined) files.push({ ...inspected.file, executable: isExecutable(inspected.file) })
  }
  if (issues.length === 0 && !files.some(({ path }) => path === USER_SCRIPT)) {
    report({ path: USER_SCRIPT, message: 'the file is missing: it is what runs' })
  }
  if (issues.length > 0) {
    throw issuesError('ERR_INVALID_FILE', issues.toSorted(byPath), 'repair the user script directory and read it again')
  }
  const byName = new Map(files.map((file) => [file.path, file]))
  return {
    files,
    async *read(path, call = {}) {
      const file = byName.get(path)
      if (file !== undefined) return yield* readVerified(join(root, path), file, call)
      throw new VmunitError('ERR_NOT_FOUND', `The user script has no file ${quote(path)}; its files are in "files".`)
    },
  }
}

function isExecutable({ path, executable }: DefinitionFile): boolean {
  return executable || path === USER_SCRIPT
}
