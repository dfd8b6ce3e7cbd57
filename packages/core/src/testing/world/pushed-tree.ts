import { VmunitError } from '../../errors/vmunit-error.ts'
import { sha256 } from '../../internal/sha256.ts'
import type { TreeFile } from '../../ports/tree.ts'
import type { PushedTree } from './calls.ts'
import { type FileEntry, filesBelow, findFile, normalPath, putFile, removePath } from './files.ts'
import type { MachineRecord, WorldState } from './state.ts'

/** What `push` put in place is noted in a file of the guest. */
function notePath(to: string): string {
  return `/var/lib/vmunit/pushed/${encodeURIComponent(normalPath(to))}`
}

function contentsAt(machine: MachineRecord, to: string): ReadonlyMap<string, FileEntry> {
  return new Map(filesBelow(machine.files, to).map(([, file]) => [file.hash, file]))
}

/** The hashes of a tree that are not among the files at `to`. */
export function missingAt(machine: MachineRecord, to: string, files: readonly TreeFile[]): readonly string[] {
  const there = contentsAt(machine, to)
  return [...new Set(files.map(({ hash }) => hash))].filter((hash) => !there.has(hash))
}

/** Makes directory `to` hold exactly a tree, or changes nothing. */
export function putTree(state: WorldState, machine: MachineRecord, { to, tree }: Placement): string {
  const there = contentsAt(machine, to)
  const placed = tree.files.map(({ path, hash, executable }) => {
    const bytes = Object.hasOwn(tree.bytes, hash) ? tree.bytes[hash] : there.get(hash)?.bytes
    if (bytes === undefined || sha256(bytes) !== hash) {
      const message = `The bytes of ${path} are not those that the tree names: read the tree again, then push it.`
      throw new VmunitError('ERR_CONFLICT', message, { details: { path, hash } })
    }
    return [`${to}/${path}`, state.blobs.file(bytes, executable)] as const
  })
  removePath(machine.files, to)
  for (const [path, file] of placed) putFile(machine.files, path, file)
  putFile(machine.files, notePath(to), state.blobs.file(tree.hash))
  return tree.hash
}

/** The hash of the tree at `to`. */
export function treeAt(machine: MachineRecord, to: string): string | undefined {
  const note = findFile(machine.files, notePath(to))
  return note === undefined ? undefined : new TextDecoder().decode(note.bytes)
}

/** A tree and the directory that it is to become. */
export interface Placement {
  readonly to: string
  readonly tree: PushedTree
}
