import type { Tree } from '../../ports/index.ts'
import type { Guard } from './guard.ts'

/**
 * The engine's face of a tree. A push reads before it sends: its bytes end when the lease does, so that a holder that
 * was stopped in between does not put an old tree over a newer one.
 */
export function guardTree(tree: Tree, guard: Guard): Tree {
  return {
    hash: tree.hash,
    files: tree.files,
    async *read(hash, call) {
      for await (const bytes of tree.read(hash, call)) {
        guard.checkHeld('guest.push')
        yield bytes
      }
      guard.checkHeld('guest.push')
    },
  }
}
