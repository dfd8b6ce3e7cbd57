import type { TreeFile } from '@vmunit/core'
import type { ShellText } from '../commands/quote.ts'
import { manifestLine, pathText } from './tree-paths.ts'

/** What the guest says about the tree that is there. */
export interface Present {
  /** {@link manifestLine}s. */
  readonly manifest: ShellText
  /** Lines of the listing that no longer hold, and those that hold now instead. */
  readonly changed: ShellText
}

/** What has to happen so that another tree is there. */
export interface Difference {
  /** Paths to take out, in their order; files that are sent anew among them, because a link must not be written through. */
  readonly removed: readonly ShellText[]
  readonly sent: readonly TreeFile[]
}

/** A line of the listing: inode, size, two times of three words each, mode in hexadecimal, path. */
const LISTED = /^\d+ \d+ (?:\S+ ){6}([0-9a-f]+) \.\/(.*)$/s

/** Compares what is there with what shall be there. What somebody has touched counts as not there. */
export function treeDifference(present: Present, files: readonly TreeFile[]): Difference {
  const touched = touchedPaths(present.changed)
  const there = new Map<ShellText, ShellText>()
  for (const line of present.manifest.split('\n')) {
    const path = line.slice(67)
    if (path !== '' && !touched.has(path)) there.set(path, `${line}\n`)
  }
  const sent: TreeFile[] = []
  const removed = new Set([...there.keys(), ...touched])
  for (const file of files) {
    const path = pathText(file.path)
    if (there.get(path) !== manifestLine(file)) sent.push(file)
    else removed.delete(path)
  }
  // A link goes before what was below its name, or that would be looked for behind it.
  return { removed: [...removed].toSorted(), sent }
}

function touchedPaths(changed: string): ReadonlySet<ShellText> {
  const touched = new Set<ShellText>()
  for (const line of changed.split('\n')) {
    const [, mode, path] = LISTED.exec(line) ?? []
    // Directories change with what is in them.
    if (mode !== undefined && path !== undefined && !mode.startsWith('4')) touched.add(path)
  }
  return touched
}
