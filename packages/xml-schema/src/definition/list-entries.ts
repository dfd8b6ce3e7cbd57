import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileIssue } from '../issues.ts'
import { systemErrorCode } from './system-error.ts'

/** A file or directory of a definition directory; `path` is relative, with forward slashes. */
export type Entry = FileEntry | { readonly kind: 'directory'; readonly path: string }

export interface FileEntry {
  readonly kind: 'file'
  readonly path: string
  readonly sizeBytes: number
  readonly executable: boolean
}

export interface ListLimits {
  readonly maxFiles: number
  readonly maxBytes: number
  readonly signal?: AbortSignal | undefined
}

export interface Listing {
  /** Ascending by path. */
  readonly entries: readonly Entry[]
  readonly issues: readonly FileIssue[]
}

/**
 * Lists a directory tree. Symbolic links are never followed, wherever they point: a link that is harmless today can lead
 * elsewhere tomorrow. Links, special files, names that not every system can hold, and what goes beyond the limits are
 * issues; beyond a limit the listing ends.
 */
export async function listEntries(root: string, limits: ListLimits): Promise<Listing> {
  const entries: Entry[] = []
  const issues: FileIssue[] = []
  const directories = ['']
  let sizeBytes = 0
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    limits.signal?.throwIfAborted()
    for (const entry of await inspectDirectory(root, directory, limits.maxFiles)) {
      if ('message' in entry) {
        issues.push(entry)
        continue
      }
      entries.push(entry)
      if (entry.kind === 'directory') directories.push(entry.path)
      else sizeBytes += entry.sizeBytes
      const exceeded = exceededLimit(entries.length, sizeBytes, limits)
      if (exceeded !== undefined) return { entries: [], issues: [...issues, { path: '.', message: exceeded }] }
    }
  }
  return { entries: entries.toSorted(byPath), issues: issues.toSorted(byPath) }
}

/** Ascending by UTF-16 units, so that the order depends on no locale. */
export function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : Number(a.path > b.path)
}

async function inspectDirectory(
  root: string,
  directory: string,
  maxFiles: number,
): Promise<readonly (Entry | FileIssue)[]> {
  try {
    const all = await readdir(join(root, directory), { withFileTypes: true })
    const dirents = all.slice(0, maxFiles + 1)
    const paths = dirents.map(({ name }) => (directory === '' ? name : `${directory}/${name}`))
    return await Promise.all(dirents.map(async (dirent, index) => await inspect(root, paths[index] ?? '', dirent)))
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    return [{ path: directory === '' ? '.' : directory, message: `the directory cannot be read (${code})` }]
  }
}

async function inspect(root: string, path: string, dirent: Dirent): Promise<Entry | FileIssue> {
  if (/[\p{Cc}\\\uFFFD]/u.test(dirent.name) || !dirent.name.isWellFormed()) {
    return { path, message: 'the name must be UTF-8 without control characters and backslashes' }
  }
  if (dirent.isSymbolicLink()) {
    return { path, message: 'symbolic links are not accepted, wherever they point (put the file itself here)' }
  }
  if (dirent.isDirectory()) return { kind: 'directory', path }
  if (!dirent.isFile())
    return { path, message: 'only files and directories are accepted, no devices, pipes or sockets' }
  const { size, mode } = await lstat(join(root, path))
  return { kind: 'file', path, sizeBytes: size, executable: (mode & 0o111) !== 0 }
}

function exceededLimit(count: number, sizeBytes: number, { maxFiles, maxBytes }: ListLimits): string | undefined {
  if (count > maxFiles) return `there are more than ${maxFiles} files and directories (remove some, or raise maxFiles)`
  return sizeBytes > maxBytes
    ? `the files have more than ${maxBytes} bytes (remove some, or raise maxBytes)`
    : undefined
}
