import { sha256 } from '../../internal/sha256.ts'

/** A file of a guest. Equal contents share their bytes. */
export interface FileEntry {
  readonly type: 'file'
  readonly hash: string
  readonly bytes: Uint8Array
  readonly executable: boolean
}

type Entry = FileEntry | { readonly type: 'directory' } | { readonly type: 'removed' }

/** A file system by what differs from the one below; a clone is an empty layer over its image. */
export interface FileLayer {
  readonly below: FileLayer | undefined
  readonly entries: Map<string, Entry>
}

/** A file system with nothing of its own. */
export function layerOver(below: FileLayer | undefined): FileLayer {
  return { below, entries: new Map() }
}

/** A file system of its own with the same content. */
export function copyOf(layer: FileLayer): FileLayer {
  return { below: layer.below, entries: new Map(layer.entries) }
}

/** An absolute path without `.`, `..` and doubled slashes. */
export function normalPath(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

function find(layer: FileLayer, path: string): Entry | undefined {
  for (let at: FileLayer | undefined = layer; at !== undefined; at = at.below) {
    const entry = at.entries.get(path)
    if (entry !== undefined) return entry
  }
  return undefined
}

/** The file at a path; undefined when there is none. */
export function findFile(layer: FileLayer, path: string): FileEntry | undefined {
  const entry = find(layer, normalPath(path))
  return entry?.type === 'file' ? entry : undefined
}

/** Every file at or below a path, ascending. */
export function filesBelow(layer: FileLayer, path: string): readonly (readonly [path: string, file: FileEntry])[] {
  const found: [string, FileEntry][] = []
  for (const [name, entry] of visible(layer, normalPath(path))) if (entry.type === 'file') found.push([name, entry])
  return found.sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Whether a path leads to a directory, made or implied by what is in it. */
export function isDirectory(layer: FileLayer, path: string): boolean {
  const normal = normalPath(path)
  if (normal === '/' || find(layer, normal)?.type === 'directory') return true
  return [...visible(layer, normal).keys()].some((name) => name !== normal)
}

/** Puts a file in place of whatever was there. */
export function putFile(layer: FileLayer, path: string, file: FileEntry): void {
  layer.entries.set(normalPath(path), file)
}

/** Makes an empty directory; one that exists stays. */
export function makeDirectory(layer: FileLayer, path: string): void {
  if (!isDirectory(layer, path)) layer.entries.set(normalPath(path), { type: 'directory' })
}

/** Removes a path and all below it. */
export function removePath(layer: FileLayer, path: string): void {
  for (const name of visible(layer, normalPath(path)).keys()) {
    if (layer.below !== undefined && find(layer.below, name) !== undefined) layer.entries.set(name, { type: 'removed' })
    else layer.entries.delete(name)
  }
}

function visible(layer: FileLayer, path: string): Map<string, Entry> {
  const inside = path === '/' ? '/' : `${path}/`
  const found = new Map<string, Entry>()
  for (let at: FileLayer | undefined = layer; at !== undefined; at = at.below) {
    for (const [name, entry] of at.entries) {
      if ((name === path || name.startsWith(inside)) && !found.has(name)) found.set(name, entry)
    }
  }
  for (const [name, entry] of found) if (entry.type === 'removed') found.delete(name)
  return found
}

/** Contents by hash, each kept once however many guests have it. */
export interface Blobs {
  file(content: string | Uint8Array, executable?: boolean): FileEntry
}

/** Creates an empty collection of contents. */
export function createBlobs(): Blobs {
  const known = new Map<string, Uint8Array>()
  return {
    file(content, executable = false) {
      const given = typeof content === 'string' ? new TextEncoder().encode(content) : content
      const hash = sha256(given)
      const bytes = known.get(hash) ?? Uint8Array.from(given)
      known.set(hash, bytes)
      return { type: 'file', hash, bytes, executable }
    },
  }
}
