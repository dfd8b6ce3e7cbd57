import type { TreeFile } from '@vmunit/core'
import { manifestLine } from './tree-paths.ts'

/** What the guest says about the tree that is there. */
export interface Present {
  /** {@link manifestLine}s. */
  readonly manifest: string
  /** Lines of the listing that no longer hold, and those that hold now instead. */
  readonly changed: string
}

/** What has to happen so that another tree is there. */
export interface Difference {
  /** Paths to take out; files that are sent anew among them, because a link must not be written through. */
  readonly removed: readonly string[]
  readonly sent: readonly TreeFile[]
}

/** A line of the listing: inode, size, two times of three words each, mode in hexadecimal, path. */
const LISTED = /^\d+ \d+ (?:\S+ ){6}([0-9a-f]+) \.\/(.*)$/

/** Compares what is there with what shall be there. What somebody has touched counts as not there. */
export function treeDifference(present: Present, files: readonly TreeFile[]): Difference {
  const touched = touchedPaths(present.changed)
  const there = new Map<string, string>()
  for (const line of present.manifest.split('\n')) {
    const path = line.slice(67)
    if (path !== '' && !touched.has(path)) there.set(path, `${line}\n`)
  }
  const sent = files.filter((file) => there.get(file.path) !== manifestLine(file))
  const kept = new Set(files.map((file) => file.path)).difference(new Set(sent.map((file) => file.path)))
  const all = new Set([...there.keys(), ...touched])
  return { removed: [...all.difference(kept)], sent }
}

function touchedPaths(changed: string): ReadonlySet<string> {
  const touched = new Set<string>()
  for (const line of changed.split('\n')) {
    const [, mode, path] = LISTED.exec(line) ?? []
    // Directories change with what is in them.
    if (mode !== undefined && path !== undefined && !mode.startsWith('4')) touched.add(path)
  }
  return touched
}
