import { describe, expect, it } from 'vitest'
import { createGuard } from '../../../src/engine/guard/guard.ts'
import { guardTree } from '../../../src/engine/guard/guard-tree.ts'
import type { Tree } from '../../../src/ports/index.ts'

const PIECES = ['one', 'two'].map((text) => new TextEncoder().encode(text))

/** A tree whose lease is held for so many looks at it. */
function guarded(looks: number): Tree {
  let asked = 0
  const lease = {
    isHeld: () => {
      asked += 1
      return asked <= looks
    },
  }
  const tree: Tree = {
    hash: 'tree',
    files: [],
    async *read() {
      yield* PIECES
    },
  }
  return guardTree(tree, createGuard({ runId: 'run', manager: 'vmunit', lease }))
}

describe('guardTree', () => {
  it('gives the bytes while the lease is held', async () => {
    expect(await Array.fromAsync(guarded(3).read('hash'))).toEqual(PIECES)
  })

  it.each([0, 1, 2])(
    'ends with ERR_LEASE_LOST when the lease is lost after %i looks, the last one after the end',
    async (looks) => {
      await expect(Array.fromAsync(guarded(looks).read('hash'))).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    },
  )
})
