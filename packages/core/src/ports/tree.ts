import type { Call } from './call.ts'

/** One file of a tree. */
export interface TreeFile {
  /** Relative, with forward slashes, without `..`. */
  readonly path: string
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly hash: string
  readonly sizeBytes: number
  readonly executable: boolean
}

/** A directory by its content: what to push, and where its bytes come from. */
export interface Tree {
  /** SHA-256 over paths, hashes and modes; equal trees have equal hashes. */
  readonly hash: string
  /** Ascending by path. */
  readonly files: readonly TreeFile[]
  /** The bytes of one of its files. */
  read(hash: string, call?: Call): AsyncIterable<Uint8Array>
}
