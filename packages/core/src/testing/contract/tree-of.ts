import { sha256 } from '../../internal/sha256.ts'
import type { Tree } from '../../ports/index.ts'

/** A file that is a program. */
export interface ProgramFile {
  readonly program: string
}

/** A tree made of literal files. `reads` tells how often the bytes of each hash were asked for. */
export interface LiteralTree extends Tree {
  readonly reads: ReadonlyMap<string, number>
}

/** Makes a tree of these files, by path. */
export function treeOf(content: Readonly<Record<string, string | Uint8Array | ProgramFile>>): LiteralTree {
  const bytes = new Map<string, Uint8Array>()
  const reads = new Map<string, number>()
  const files = Object.keys(content)
    .toSorted()
    .map((path) => {
      const value = content[path] ?? ''
      const executable = typeof value === 'object' && 'program' in value
      const data = Buffer.from(executable ? value.program : (value as string | Uint8Array))
      const hash = sha256(data)
      bytes.set(hash, data)
      return { path, hash, sizeBytes: data.length, executable }
    })
  return {
    hash: sha256(JSON.stringify(files)),
    files,
    reads,
    async *read(hash) {
      reads.set(hash, (reads.get(hash) ?? 0) + 1)
      const data = bytes.get(hash)
      if (data === undefined) throw new TypeError(`the tree has no file ${hash}`)
      yield data
    },
  }
}

/** The same tree, whose bytes of one file cannot be had as promised. */
export function treeWithBadFile(tree: Tree, path: string, read: Tree['read']): Tree {
  const bad = tree.files.find((file) => file.path === path)?.hash
  return { ...tree, read: (hash, call) => (hash === bad ? read(hash, call) : tree.read(hash, call)) }
}
